// The actions that publish to GitHub, with their own schemas, but what they would publish stays in a folder:
// <workingDirectory>/published/<task>/<action>/{input.json, files/}.
const { cpSync, mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

module.exports = function githubModule(load) {
  const { coreServices, createBackendModule } = load('@backstage/backend-plugin-api');
  const { ScmIntegrations } = load('@backstage/integration');
  const { scaffolderActionsExtensionPoint } = load('@backstage/plugin-scaffolder-node');
  const github = load('@backstage/plugin-scaffolder-backend-module-github');

  function recorded(action, published, outputs) {
    async function handler(ctx) {
      const folder = join(published, ctx.task.id, action.id.replaceAll(':', '-'));
      mkdirSync(folder, { recursive: true });
      cpSync(join(ctx.workspacePath, ctx.input.sourcePath ?? ''), join(folder, 'files'), { recursive: true });
      writeFileSync(join(folder, 'input.json'), JSON.stringify(ctx.input));
      for (const [name, value] of Object.entries(outputs)) {
        ctx.output(name, value);
      }
    }
    return { ...action, handler };
  }

  return createBackendModule({
    pluginId: 'scaffolder',
    moduleId: 'recorded-github',
    register({ registerInit }) {
      registerInit({
        deps: { actions: scaffolderActionsExtensionPoint, config: coreServices.rootConfig },
        async init({ actions, config }) {
          const options = { config, integrations: ScmIntegrations.fromConfig(config) };
          const published = join(config.getString('backend.workingDirectory'), 'published');
          actions.addActions(
            recorded(github.createPublishGithubAction(options), published, {
              remoteUrl: 'https://github.com/acme/new.git',
              repoContentsUrl: 'https://github.com/acme/new/blob/main',
            }),
            recorded(github.createPublishGithubPullRequestAction(options), published, {
              remoteUrl: 'https://github.com/acme/apps/pull/7',
              pullRequestNumber: 7,
            }),
          );
        },
      });
    },
  });
};
