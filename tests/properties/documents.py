"""The documents of a GitOps repository as people write them, with an odd value here and there."""

from __future__ import annotations

from hypothesis import strategies as st

from scenedock.model.json import Json
from tests.properties.scalars import oddities, several, some, texts

SERVICES = (
    "billing",
    "ledger",
    "web",
    "billing-dev",
    "billing-production",
    "Billing",
    "test",
    "common",
    "é vélo",
    "<NAME>",
    "a\nb",
    "-",
)
ENVIRONMENTS = ("dev", "qa", "production", "prod-eu", "01-dev", "local")
services = st.sampled_from(SERVICES)
environments = st.sampled_from(ENVIRONMENTS)
owners = st.sampled_from(("group:default/payments", "payments", "user:jane", "@acme/payments"))
globs = st.sampled_from(("apps/*", "**/billing", "*", "apps/{billing,web}", "tenant/**")) | texts
words = st.sampled_from(("shop", "a.b-c", "Z" * 63))
filled = texts.filter(bool)
references = st.sampled_from(("component:billing", "system:default/shop", "group:payments")) | texts

dependencies = some(
    name=services | st.sampled_from(("postgresql", "redis")),
    version=st.just("1.0.0"),
    repository=st.sampled_from(("file://../common", "file://../ledger", "https://charts.acme.test", "oci://x")),
    alias=texts,
    condition=st.sampled_from(("postgresql.enabled", "a.b,c.d", "tags")),
    tags=several(texts),
)
charts = some(
    apiVersion=st.sampled_from(("v1", "v2")),
    name=services,
    description=texts,
    version=st.just("1.2.3"),
    type=st.sampled_from(("application", "library")),
    deprecated=st.booleans(),
    keywords=several(texts),
    sources=several(st.sampled_from(("https://github.com/acme/billing", "https://gitlab.com/a/b/c")) | texts),
    home=texts,
    maintainers=several(some(name=texts, email=texts)),
    dependencies=several(dependencies),
    annotations=some({"acme.test/owner": owners}, owner=owners),
)
requirements = some(dependencies=several(dependencies))
values = some(
    image=some(repository=texts, tag=texts),
    service=some(port=st.integers(0, 9), enabled=st.booleans()),
    ingress=some(enabled=st.booleans(), hosts=several(texts), host=texts),
    env=several(
        some(name=texts, value=st.sampled_from(("http://billing", "http://ledger-service:80", "web.svc")) | texts)
    ),
    databaseHost=texts,
    fullnameOverride=texts,
    schedule=texts,
    cron=texts,
    commonLabels=some({"backstage.io/kubernetes-id": texts}, app=texts),
    ownerInfo=some(team=texts, owner=owners),
    owner=owners,
    _global=some(owner=owners),
    postgresql=some(enabled=st.booleans()),
    tags=some(x=st.booleans()),
)
website = st.builds(lambda url: {"url": url}, filled | st.just("https://acme.test"))
list_files = st.sampled_from(("lists/{environment}.yaml", "lists/dev.yaml", "{environment}.yaml")) | filled
named = st.sampled_from(("group:default/payments", "payments", "user:jane"))
settings = some(
    repository=st.sampled_from(
        ("https://github.com/acme/apps", "https://gitlab.acme.test/a/b", "https://[a/b", "http://a/\u2100")
    ),
    branch=st.sampled_from(("main", "a/b#c?", "é")),
    provider=st.sampled_from(("github", "gitlab", "bitbucket", "gitea", "azure")),
    folders=some(include=several(globs), exclude=several(globs)),
    environments=some(
        known=several(environments).filter(bool),
        entities=st.sampled_from(("component", "resources")),
        bind=environments,
        evidence=several(st.sampled_from(("apps", "argocd", "folders", "values"))),
    ),
    cluster=st.just("eks-1"),
    owner=named,
    ownerFromMaintainers=st.booleans(),
    owners=st.sampled_from(("emit", "reference")),
    lifecycle=st.dictionaries(environments, filled, max_size=2),
    types=st.dictionaries(globs, filled, max_size=2),
    systems=st.dictionaries(globs, words, max_size=2),
    annotations=st.dictionaries(
        st.just("argocd/app-name") | texts, st.just("{service}-{environment}") | texts, max_size=2
    ),
    overrides=st.dictionaries(
        services,
        some(
            title=filled,
            description=filled,
            owner=named,
            type=filled,
            lifecycle=filled,
            system=words,
            tags=several(texts),
            environments=several(environments),
            labels=st.dictionaries(texts, texts, max_size=2),
            annotations=st.dictionaries(texts, texts, max_size=2),
            links=st.lists(website, max_size=2),
            dependsOn=several(references.filter(bool)),
        ),
        max_size=2,
    ),
    apps=several(
        st.fixed_dictionaries(
            {"file": list_files},
            optional={
                "items": st.sampled_from(("", "apps", "{environment}", "a.{environment}.b")) | texts,
                "chart": some(_from=st.just("chart") | texts, _default=st.just("apps/common") | texts),
                "repository": st.just("acme/{repo|name}") | texts,
            },
        ),
        2,
    ),
    backingServices=st.dictionaries(services, filled, max_size=1),
    handWritten=st.sampled_from(("merge", "leave-out")),
    known=several(references.filter(bool)),
)
entities = some(
    apiVersion=st.just("backstage.io/v1alpha1"),
    kind=st.sampled_from(("Component", "API", "System", "Resource", "Group", "Widget")),
    metadata=some(
        name=services | texts,
        namespace=texts,
        title=texts,
        tags=several(texts),
        annotations=st.dictionaries(texts, texts, max_size=2),
        labels=st.dictionaries(texts, texts, max_size=2),
        links=several(some(url=texts)),
    ),
    spec=some(
        type=texts,
        lifecycle=texts,
        owner=owners | references,
        system=references,
        dependsOn=several(references),
        providesApis=several(references),
        subcomponentOf=references,
        definition=texts,
        parent=references,
        children=several(references),
    ),
)
app_lists = some(
    apps=several(services) | st.dictionaries(services, st.booleans(), max_size=3),
    dev=several(some(name=services, enabled=st.booleans(), chart=st.just("apps/common"), repo=texts)),
)
paths = st.sampled_from(("apps/billing", "billing", "{{path}}", "{{ .path.path }}", "./billing", "..")) | texts
generators: st.SearchStrategy[Json] = st.deferred(
    lambda: (
        some(list=some(elements=several(some(env=environments, name=services))))
        | some(
            git=some(
                repoURL=texts,
                directories=several(some(path=globs, exclude=st.booleans())),
                files=several(some(path=st.sampled_from(("**/values-*.yaml", "**/*.yaml", "*/*.json")) | globs)),
                values=some(a=texts),
            )
        )
        | some(clusters=oddities)
        | some(matrix=some(generators=several(generators)))
    )
)
applications = some(
    apiVersion=st.just("argoproj.io/v1alpha1"),
    kind=st.sampled_from(("Application", "ApplicationSet")),
    metadata=some(name=services, labels=st.dictionaries(st.sampled_from(("app", "environment")), texts, max_size=2)),
    spec=some(
        source=some(repoURL=texts, path=paths, helm=some(valueFiles=several(st.just("values-dev.yaml") | texts))),
        sources=several(some(path=paths)),
        destination=some(namespace=texts),
        goTemplate=st.booleans(),
        generators=several(generators),
        template=some(
            metadata=some(
                name=st.sampled_from(("{{path.basename}}-{{env}}", "{{ .path.basenameNormalized }}")) | texts
            ),
            spec=some(source=some(path=paths), destination=some(namespace=texts)),
        ),
    ),
)
manifests = some(
    apiVersion=st.just("apps/v1"),
    kind=st.sampled_from(("Deployment", "CronJob", "ConfigMap")),
    spec=some(template=some(metadata=some(labels=st.dictionaries(texts, texts, max_size=2)))),
)
codeowners = st.lists(
    st.tuples(globs, owners | texts).map(" ".join) | st.sampled_from(("# x", "[Section] @acme/x", "^[S][2]")),
    max_size=4,
).map(lambda lines: "\n".join(lines).encode("utf-8", "replace"))
apis = some(openapi=st.just("3.0.0"), asyncapi=st.just("2.0.0"), info=oddities)

charts_from_elsewhere = (
    st.sampled_from(("webapp", "acme/webapp", "oci://charts.acme.test/webapp", "{{ .chart }}")) | texts
)
remote_sources = some(
    repoURL=st.sampled_from(("https://charts.acme.test", "https://github.com/acme/apps")) | texts,
    chart=charts_from_elsewhere,
    path=paths,
    ref=st.just("values"),
    directory=some(recurse=st.booleans()),
    helm=some(
        valueFiles=several(st.sampled_from(("$values/apps/billing/values-dev.yaml", "$values/values/x.yaml")) | texts),
        valuesObject=values,
        values=st.just("service: {port: 80}") | texts,
        parameters=several(some(name=st.just("a.b") | texts, value=texts)),
    ),
)
remote_applications = some(
    apiVersion=st.just("argoproj.io/v1alpha1"),
    kind=st.sampled_from(("Application", "ApplicationSet")),
    metadata=some(name=services | st.just("{{name}}-x"), labels=st.dictionaries(texts, texts, max_size=2)),
    spec=some(
        source=remote_sources,
        sources=several(remote_sources),
        destination=some(namespace=words | texts, name=environments),
        generators=several(some(clusters=oddities) | some(plugin=oddities) | generators),
        template=some(
            metadata=some(name=st.just("{{name}}-x") | services, labels=st.dictionaries(texts, texts, max_size=2)),
            spec=some(source=remote_sources, destination=some(namespace=words)),
        ),
    ),
)
lists_of_applications = some(
    apiVersion=st.just("v1"), kind=st.just("List"), items=several(remote_applications | oddities)
)
releases = some(
    apiVersion=st.sampled_from(("helm.toolkit.fluxcd.io/v2", "helm.toolkit.fluxcd.io/v2beta1")),
    kind=st.just("HelmRelease"),
    metadata=some(name=services, namespace=words | texts),
    spec=some(
        releaseName=services,
        targetNamespace=words,
        chart=some(
            spec=some(
                chart=st.just("./apps/billing") | charts_from_elsewhere,
                sourceRef=some(kind=st.sampled_from(("HelmRepository", "GitRepository")), name=words),
                valuesFiles=several(paths),
            )
        ),
        chartRef=some(kind=st.just("OCIRepository"), name=words),
        values=values,
        valuesFrom=several(some(kind=st.just("ConfigMap"), name=words)),
    ),
)
resources = (
    st.sampled_from(("../base", "base", "overlays/dev", "release.yaml", "..", ".", "https://github.com/a/b")) | texts
)
kustomizations = some(
    resources=several(resources),
    bases=several(resources),
    components=several(resources),
    patches=several(some(path=resources, patch=texts, target=oddities)),
    namespace=words | texts,
    images=several(some(name=texts, newTag=texts)),
    helmCharts=several(some(name=charts_from_elsewhere, namespace=words, valuesFile=paths)),
    configMapGenerator=several(some(name=words, files=several(texts))),
)
flux_kustomizations = some(
    apiVersion=st.just("kustomize.toolkit.fluxcd.io/v1"),
    kind=st.just("Kustomization"),
    metadata=some(name=services, namespace=words),
    spec=some(
        path=paths,
        targetNamespace=words,
        sourceRef=some(kind=st.just("GitRepository"), name=words),
        patches=several(some(patch=texts)),
        postBuild=some(substitute=st.dictionaries(words, texts, max_size=2)),
    ),
)
bundles = some(
    namespace=words | texts,
    defaultNamespace=words,
    helm=some(
        chart=charts_from_elsewhere | paths, repo=texts, releaseName=services, values=values, valuesFiles=several(paths)
    ),
    kustomize=some(dir=paths),
    targetCustomizations=several(
        some(
            name=environments,
            clusterSelector=some(matchLabels=st.dictionaries(st.just("env"), environments | texts, max_size=1)),
            helm=some(values=values),
            doNotDeploy=st.booleans(),
        )
    ),
)
helmfiles = some(
    environments=st.dictionaries(environments, some(values=several(values | texts)) | oddities, max_size=2),
    bases=several(paths),
    helmfiles=several(st.sampled_from(("helmfile.yaml", "*/helmfile.yaml", "**")) | some(path=paths) | texts),
    templates=st.dictionaries(words, some(chart=charts_from_elsewhere), max_size=1),
    releases=several(
        some(
            name=services | texts,
            namespace=words | st.just("{{ .Environment.Name }}") | texts,
            chart=st.just("./apps/billing") | charts_from_elsewhere,
            condition=texts,
            installed=st.booleans() | texts,
            inherit=several(some(template=words)),
            values=several(values | st.just("apps/{{ .Environment.Name }}.yaml") | texts),
        )
    ),
)
