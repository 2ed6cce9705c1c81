// Speaks to a GitLab through @gitbeaker/rest.
//
//   node client.mjs URL TOKEN   lines of JSON in, {call: "MergeRequests.create", arguments}; a line of JSON out for each:
//                               {answer}, or {status, error}
//
// Run it in a folder that has the node_modules of package-lock.json.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(`${process.cwd()}/`);
const { Gitlab } = require('@gitbeaker/rest');

const [, , host, token] = process.argv;
const client = new Gitlab({ host, token });

for await (const line of createInterface({ input: process.stdin })) {
  const { call, arguments: given } = JSON.parse(line);
  const [resource, method] = call.split('.');
  let told;
  try {
    const answer = await client[resource][method](...given);
    told = { answer: answer instanceof Blob ? await answer.text() : answer ?? null };
  } catch (error) {
    told = { status: error.cause?.response?.status ?? 0, error: error.cause?.description ?? String(error) };
  }
  console.log(JSON.stringify(told));
}
