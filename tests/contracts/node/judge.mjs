// Judges entities and reads YAML as a stock Backstage catalog does.
//
//   node judge.mjs verdicts    lines of JSON, an entity each, in; out: null, or the message of the refusal
//   node judge.mjs documents   lines of JSON, a string of YAML each, in; out: {documents} or {error}
//   node judge.mjs references  lines of JSON, {text, defaultKind} each, in; out: null, or the message of the refusal
//
// Run it in a folder that has the node_modules of package-lock.json.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(`${process.cwd()}/`);

// The policies of CatalogBuilder, then the validators of BuiltinKindsEntityProcessor and ScaffolderEntitiesProcessor.
function makeJudge() {
  const model = require('@backstage/catalog-model');
  const { templateEntityV1beta3Validator } = require('@backstage/plugin-scaffolder-common');
  const policy = model.EntityPolicies.allOf([
    new model.SchemaValidEntityPolicy(),
    new model.DefaultNamespaceEntityPolicy(),
    new model.NoForeignRootFieldsEntityPolicy(),
    new model.FieldFormatEntityPolicy(),
  ]);
  const validators = [
    model.apiEntityV1alpha1Validator,
    model.componentEntityV1alpha1Validator,
    model.resourceEntityV1alpha1Validator,
    model.groupEntityV1alpha1Validator,
    model.locationEntityV1alpha1Validator,
    model.userEntityV1alpha1Validator,
    model.systemEntityV1alpha1Validator,
    model.domainEntityV1alpha1Validator,
    templateEntityV1beta3Validator,
  ];
  return async given => {
    try {
      const entity = await policy.enforce(given);
      for (const validator of validators) {
        if (await validator.check(entity)) {
          return null;
        }
      }
      return 'No processor recognized the entity';
    } catch (error) {
      return error.message;
    }
  };
}

// `parseEntityYaml` of plugin-catalog-node: merge keys are off, an empty document counts for nothing.
function makeReader() {
  const { parseAllDocuments } = require('yaml');
  return text => {
    const documents = [];
    for (const document of parseAllDocuments(text, { merge: false })) {
      if (document.errors.length) {
        return { error: document.errors[0].message };
      }
      const value = document.toJSON();
      if (value !== null) {
        documents.push(value);
      }
    }
    return { documents };
  };
}

function makeParser() {
  const { parseEntityRef } = require('@backstage/catalog-model');
  return ({ text, defaultKind }) => {
    try {
      parseEntityRef(text, { defaultKind });
      return null;
    } catch (error) {
      return error.message;
    }
  };
}

const answer = { verdicts: makeJudge, documents: makeReader, references: makeParser }[process.argv[2]]();
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
