// Speaks to a scaffolder backend through Backstage's own client.
//
//   node scaffolder.mjs BASE_URL TOKEN USER   lines of JSON in, {call, arguments, polling}; a line of JSON out for each:
//                                             {answer}, {events} of `streamLogs`, or {error}
//
// Run it in a folder that has the node_modules of package-lock.json.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(`${process.cwd()}/`);
const { ScaffolderClient } = require('@backstage/plugin-scaffolder-common');

const [, , baseUrl, token, userEntityRef] = process.argv;
// What fetch-event-source wants of a browser.
globalThis.window = { setTimeout, clearTimeout, fetch };
globalThis.document = { hidden: false, addEventListener() {}, removeEventListener() {} };

function client(useLongPollingLogs) {
  return new ScaffolderClient({
    discoveryApi: { getBaseUrl: async plugin => `${baseUrl}/api/${plugin}` },
    fetchApi: {
      fetch: (url, init) => {
        const headers = new Headers(init?.headers);
        headers.set('Authorization', `Bearer ${token}`);
        return fetch(url, { ...init, headers });
      },
    },
    identityApi: { getBackstageIdentity: async () => ({ userEntityRef }) },
    scmIntegrationsApi: {},
    useLongPollingLogs,
  });
}

function follow(request, polling) {
  return new Promise((resolve, reject) => {
    const events = [];
    client(polling).streamLogs(request).subscribe({
      next: event => events.push(event),
      error: reject,
      complete: () => resolve(events),
    });
  });
}

async function answer({ call, arguments: given, polling }) {
  try {
    return call === 'streamLogs'
      ? { events: await follow(given[0], polling) }
      : { answer: await client(false)[call](...given) };
  } catch (error) {
    return { error: { name: error.cause?.name ?? error.name, message: error.cause?.message ?? error.message } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line))));
}
