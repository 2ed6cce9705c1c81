// A policy as a company writes it: everything is allowed, but some actions are not, or not with some input.
//
// Of `{actions: [ID …], repositories: [NAME …]}`, users may neither run these actions nor any with this `repository`.
module.exports = function policyModule(load, { actions = [], repositories = [] }) {
  const { createBackendModule } = load('@backstage/backend-plugin-api');
  const { AuthorizeResult, isPermission } = load('@backstage/plugin-permission-common');
  const { policyExtensionPoint } = load('@backstage/plugin-permission-node/alpha');
  const { actionExecutePermission } = load('@backstage/plugin-scaffolder-common/alpha');
  const { createScaffolderActionConditionalDecision, scaffolderActionConditions } = load(
    '@backstage/plugin-scaffolder-backend/alpha',
  );
  const denied = [
    ...actions.map(actionId => scaffolderActionConditions.hasActionId({ actionId })),
    ...repositories.map(value => scaffolderActionConditions.hasStringProperty({ key: 'repository', value })),
  ];

  const policy = {
    async handle({ permission }, user) {
      if (user && denied.length && isPermission(permission, actionExecutePermission)) {
        return createScaffolderActionConditionalDecision(permission, { not: { anyOf: denied } });
      }
      return { result: AuthorizeResult.ALLOW };
    },
  };

  return createBackendModule({
    pluginId: 'permission',
    moduleId: 'policy-of-tests',
    register({ registerInit }) {
      registerInit({
        deps: { policies: policyExtensionPoint },
        async init({ policies }) {
          policies.setPolicy(policy);
        },
      });
    },
  });
};
