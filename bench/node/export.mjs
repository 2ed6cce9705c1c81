// What `scenedock catalog export` does for a plain repository, as one would write it for node: read every folder with
// npm's `yaml`, make an entity of it, let `@backstage/catalog-model` judge it, write YAML.
//
//   node export.mjs export REPOSITORY OUTPUT
//   node export.mjs validate ENTITIES.json TIMES     prints the CPU seconds of judging all entities that many times

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';

// The packages are those of the working directory.
const require = createRequire(join(process.cwd(), 'package.json'));
const YAML = require('yaml');
const model = require('@backstage/catalog-model');

const policy = model.EntityPolicies.allOf([
  new model.SchemaValidEntityPolicy(),
  new model.DefaultNamespaceEntityPolicy(),
  new model.NoForeignRootFieldsEntityPolicy(),
  new model.FieldFormatEntityPolicy(),
]);
const ENVIRONMENT = /^values-(dev|qa|production)\.yaml$/;
const HOST = /^[a-z][a-z0-9+.-]*:\/\/([^\s/:@]+)(:\d+)?([/?#]\S*)?$/i;

function* chartFolders(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  if (entries.some(entry => entry.name === 'Chart.yaml')) {
    yield [folder, entries.map(entry => entry.name)];
  }
  for (const entry of entries) {
    if (entry.isDirectory() && !entry.name.startsWith('.')) yield* chartFolders(join(folder, entry.name));
  }
}

const parse = path => YAML.parse(readFileSync(path, 'utf8'), { merge: true }) ?? {};
const isObject = value => value !== null && typeof value === 'object' && !Array.isArray(value);

function merge(below, above) {
  const merged = { ...below };
  for (const [key, value] of Object.entries(above)) {
    if (value === null) delete merged[key];
    else merged[key] = isObject(value) && isObject(merged[key]) ? merge(merged[key], value) : value;
  }
  return merged;
}

function hosts(value, found) {
  if (typeof value === 'string') {
    const match = HOST.exec(value);
    if (match) found.add(match[1].toLowerCase());
  } else if (value !== null && typeof value === 'object') {
    for (const below of Object.values(value)) hosts(below, found);
  }
}

function codeowners(root) {
  const lines = readFileSync(join(root, 'CODEOWNERS'), 'utf8').split('\n').filter(Boolean).map(line => line.split(' '));
  const rules = lines.map(([glob, owner]) => [
    glob === '*' ? /^/ : new RegExp(`^${glob.replace(/\*/g, '[^/]*')}`),
    `group:default/${owner.split('/')[1]}`,
  ]);
  return path => rules.findLast(([pattern]) => pattern.test(`/${path}/`))?.[1] ?? 'unknown';
}

function facts(root) {
  return [...chartFolders(root)].map(([folder, files]) => {
    const chart = parse(join(folder, 'Chart.yaml'));
    const values = files.includes('values.yaml') ? parse(join(folder, 'values.yaml')) : {};
    const environments = files.flatMap(file => ENVIRONMENT.exec(file)?.[1] ?? []).sort();
    const found = new Set();
    hosts(values, found);
    for (const environment of environments) {
      hosts(merge(values, parse(join(folder, `values-${environment}.yaml`))), found);
    }
    const path = relative(root, folder);
    const edited = files.includes('values.yaml') ? 'values.yaml' : 'Chart.yaml';
    return { path, name: path.split('/').pop(), chart, environments, edited, hosts: found };
  });
}

function entity(fact, names, ownerOf) {
  const { path, name, chart, environments } = fact;
  const base = `https://github.com/acme/apps/tree/main/${path}`;
  const charts = (chart.dependencies ?? []).map(dependency => dependency.name);
  const others = [...fact.hosts, ...charts].filter(host => host !== name && names.has(host)).sort();
  return {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Component',
    metadata: {
      name,
      description: chart.description,
      annotations: {
        'backstage.io/edit-url': `https://github.com/acme/apps/edit/main/${path}/${fact.edited}`,
        'backstage.io/source-location': `url:${base}/`,
        'backstage.io/view-url': base,
        ...(environments.length ? { 'scenedock.dev/environments': environments.join(',') } : {}),
        'scenedock.dev/path': path,
      },
      ...(chart.keywords ? { tags: [...chart.keywords].sort() } : {}),
    },
    spec: {
      type: chart.type === 'library' ? 'library' : 'service',
      lifecycle: 'production',
      owner: ownerOf(path),
      ...(others.length ? { dependsOn: others.map(other => `component:${other}`) } : {}),
    },
  };
}

async function judge(entities) {
  for (const each of entities) {
    await policy.enforce(each);
    if (!(await model.componentEntityV1alpha1Validator.check(each))) throw new Error(`refused: ${each.metadata.name}`);
  }
}

const [what, from, to] = process.argv.slice(2);
if (what === 'export') {
  const found = facts(from);
  const names = new Set(found.map(fact => fact.name));
  const ownerOf = codeowners(from);
  const entities = found.map(fact => entity(fact, names, ownerOf));
  entities.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  await judge(entities);
  writeFileSync(to, entities.map(each => YAML.stringify(each, { lineWidth: 0 })).join('---\n'));
} else {
  const entities = JSON.parse(readFileSync(from, 'utf8'));
  await judge(entities);
  const before = process.cpuUsage();
  for (let time = 0; time < Number(to); time++) await judge(entities);
  const used = process.cpuUsage(before);
  console.log((used.user + used.system) / 1e6);
}
