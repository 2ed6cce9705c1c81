// Bundles index.jsx into a folder, in a folder that has the node_modules of package-lock.json.
//
//   node build.mjs FOLDER
//
// Two packages ask for parts of node that browsers don't have: Buffer, and streams, which no page of the tests uses.
import { build } from 'esbuild';

const asText = Object.fromEntries(['.svg', '.png', '.woff', '.woff2', '.ttf', '.eot'].map(name => [name, 'dataurl']));
const empty = {
  name: 'no-streams',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^stream$/ }, () => ({ path: 'stream', namespace: 'empty' }));
    onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'exports.Transform = class {};' }));
  },
};
await build({
  entryPoints: ['index.jsx'],
  bundle: true,
  splitting: true,
  format: 'esm',
  jsx: 'automatic',
  minify: true,
  inject: ['buffer.js'],
  define: {
    'process.env.APP_CONFIG': 'undefined',
    'process.env.HAS_REACT_DOM_CLIENT': 'true',
    'process.env.NODE_ENV': '"production"',
    global: 'globalThis',
  },
  banner: { js: 'globalThis.process ??= { env: {} };' },
  loader: asText,
  plugins: [empty],
  outdir: process.argv[2],
  logLevel: 'error',
});
