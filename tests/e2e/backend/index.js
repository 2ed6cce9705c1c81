// A Backstage backend as an adopter runs it: released packages, and settings in app-config. Only GitHub can't be here.
//
//   node index.js --config app-config.yaml
//
// Run it in a folder that has the node_modules of a package-lock.json; plugins that it doesn't have are left out. With
// SCAFFOLDER_POLICY, permissions are decided by policy.js.
const { createRequire } = require('node:module');
const { isIP, Socket } = require('node:net');

const PLUGINS = [
  '@backstage/plugin-auth-backend',
  '@backstage/plugin-auth-backend-module-guest-provider',
  '@backstage/plugin-catalog-backend',
  '@backstage/plugin-catalog-backend-module-scaffolder-entity-model',
  '@backstage/plugin-catalog-backend-module-unprocessed',
  '@backstage/plugin-mcp-actions-backend',
  '@backstage/plugin-permission-backend',
  '@backstage/plugin-proxy-backend',
  '@backstage/plugin-scaffolder-backend',
  '@backstage/plugin-techdocs-backend',
  '@roadiehq/scaffolder-backend-module-http-request',
];

// Nothing that the tests do may leave this machine, whatever a package would like to do.
const connect = Socket.prototype.connect;
Socket.prototype.connect = function connectOnLoopback(...given) {
  const [options] = Array.isArray(given[0]) ? given[0] : given;
  const host = options?.host ?? 'localhost';
  if (host !== 'localhost' && host !== '::1' && !(isIP(host) === 4 && host.startsWith('127.'))) {
    console.error(`LEFT LOOPBACK: ${host}`);
    throw new Error(`the tests don't reach ${host}`);
  }
  return connect.apply(this, given);
};

const load = createRequire(`${process.cwd()}/`);
const { createBackend } = load('@backstage/backend-defaults');
const backend = createBackend();
const { dependencies } = load('./package.json');
for (const plugin of PLUGINS.filter(each => each in dependencies)) {
  backend.add(load(plugin));
}
backend.add(require('./github.js')(load));
for (const file of (process.env.ADDED_MODULES ?? '').split(':').filter(Boolean)) {
  backend.add(import(file));
}
backend.add(require('./policy.js')(load, JSON.parse(process.env.SCAFFOLDER_POLICY ?? '{}')));
backend.start();
