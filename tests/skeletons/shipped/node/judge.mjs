// Judges custom resources by the schemas of their operators.
//
//   node judge.mjs    lines of JSON, a resource each, in; out: for each a list of what is wrong with it
//
// Run it in a folder that has the node_modules of package-lock.json.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const ts = createRequire(`${process.cwd()}/`)('typescript');
const PACKAGES = {
  'argoproj.io': 'argo-cd',
  'bitnami.com': 'sealed-secrets',
  'external-secrets.io': 'external-secrets',
  'gateway.networking.k8s.io': 'gateway-api',
  'monitoring.coreos.com': 'prometheus-operator',
};
const ROLLOUTS = ['AnalysisTemplate', 'Rollout'];

const moduleOf = (apiVersion, kind) =>
  `@kubernetes-models/${ROLLOUTS.includes(kind) ? 'argo-rollouts' : PACKAGES[apiVersion.split('/')[0]]}/${apiVersion}`;

async function invalid({ apiVersion, kind, ...rest }) {
  const file = join(process.cwd(), 'node_modules', moduleOf(apiVersion, kind), `${kind}.js`);
  if (!existsSync(file)) {
    return [`no schema for ${apiVersion} ${kind}`];
  }
  const { [kind]: Model } = await import(pathToFileURL(file));
  try {
    new Model(rest).validate();
    return [];
  } catch (error) {
    return [error.message];
  }
}

// The validators let unknown fields pass; the types of the same package refuse them in a literal.
function mistyped(resources) {
  const name = join(process.cwd(), 'resources.ts');
  const lines = resources.map(
    ({ apiVersion, kind, ...rest }, index) =>
      `import { I${kind} as Type${index} } from '${moduleOf(apiVersion, kind)}'; ` +
      `export const resource${index}: Omit<Type${index}, 'apiVersion' | 'kind'> = ${JSON.stringify(rest)};`,
  );
  const options = { strict: true, noEmit: true, skipLibCheck: true, module: ts.ModuleKind.Preserve };
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (file, ...rest) =>
    file === name ? ts.createSourceFile(file, lines.join('\n'), ts.ScriptTarget.ES2022) : getSourceFile(file, ...rest);
  const found = resources.map(() => []);
  for (const { file, start, messageText } of ts.getPreEmitDiagnostics(ts.createProgram([name], options, host))) {
    const message = ts.flattenDiagnosticMessageText(messageText, '\n');
    if (file?.fileName !== name) {
      throw new Error(message);
    }
    found[file.getLineAndCharacterOfPosition(start).line].push(message);
  }
  return found;
}

const resources = [];
for await (const line of createInterface({ input: process.stdin })) {
  resources.push(JSON.parse(line));
}
const types = mistyped(resources);
for (const [index, resource] of resources.entries()) {
  console.log(JSON.stringify([...(await invalid(resource)), ...types[index]]));
}
