// Says what is wrong with load tests by the types of k6.
//
//   node judge.mjs FILE…    out: for each a line of JSON, a list of messages
//
// Run it in a folder that has the node_modules of package-lock.json.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const ts = createRequire(`${process.cwd()}/`)('typescript');
const options = {
  allowJs: true,
  checkJs: true,
  noEmit: true,
  skipLibCheck: true,
  strict: true,
  noImplicitAny: false, // it is a script without types of its own
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.Preserve,
  types: ['k6'],
};
// As files of this folder, so that their imports are found; their options typed as k6 reads them.
const scripts = new Map(
  process.argv.slice(2).map((file, index) => [
    join(process.cwd(), `load-test-${index}.js`),
    readFileSync(file, 'utf8').replace('export const options', "/** @type {import('k6/options').Options} */\n$&"),
  ]),
);
const host = ts.createCompilerHost(options);
const { getSourceFile, fileExists } = host;
host.fileExists = (file) => scripts.has(file) || fileExists(file);
host.getSourceFile = (file, ...rest) =>
  scripts.has(file) ? ts.createSourceFile(file, scripts.get(file), ts.ScriptTarget.ES2022, true) : getSourceFile(file, ...rest);
const messages = new Map([...scripts.keys()].map((file) => [file, []]));
for (const { file, messageText } of ts.getPreEmitDiagnostics(ts.createProgram([...scripts.keys()], options, host))) {
  const message = ts.flattenDiagnosticMessageText(messageText, '\n');
  if (!messages.has(file?.fileName)) {
    throw new Error(message);
  }
  messages.get(file.fileName).push(message);
}
for (const list of messages.values()) {
  console.log(JSON.stringify(list));
}
