"""Repositories as people have them, and then broken in every way that a disk and a text editor allow."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml
from hypothesis import strategies as st

from scenedock.catalog.handwritten import MARKER_LINE
from scenedock.model.json import Json


@dataclass(frozen=True)
class Link:
    """A symbolic link; `{outside}` in its target stands for a folder beside the repository."""

    target: str


@dataclass(frozen=True)
class Special:
    """A named pipe or a socket."""

    kind: str


Node: TypeAlias = bytes | Link | Special
Tree: TypeAlias = Mapping[bytes, Node]
"""Files by their paths from the root, as the bytes that the disk keeps; in the order in which they are made."""


def plant(tree: Tree, root: Path) -> None:
    """Make the files of a tree; what can't be made (a file below a file, a name that is too long) is left out."""
    root.mkdir(parents=True)
    outside = root.parent / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "Chart.yaml").write_text("name: elsewhere\n")
    for path, node in tree.items():
        where = os.path.join(os.fsencode(root), path)  # noqa: PTH118 - pathlib knows no bytes
        try:
            os.makedirs(os.path.dirname(where), exist_ok=True)  # noqa: PTH103, PTH120
            _make(where, node, outside)
        except (OSError, ValueError):
            continue


def _make(where: bytes, node: Node, outside: Path) -> None:
    match node:
        case Link(target):
            os.symlink(target.replace("{outside}", str(outside)), where)  # noqa: PTH211
        case Special("pipe"):
            os.mkfifo(where)
        case Special():
            with socket.socket(socket.AF_UNIX) as unix:
                unix.bind(where)
        case bytes() if not os.path.lexists(where):
            Path(os.fsdecode(where)).write_bytes(node)
        case _:
            pass


# Texts that have been trouble somewhere: to parsers, to regular expressions, to terminals, to Backstage.
TEXTS = (
    "",
    " ",
    "\n",
    "a\r\nb",
    "-",
    ".",
    "..",
    "../..",
    "/",
    "//",
    "a/",
    "/a",
    "a:",
    ":a",
    "a:b:c",
    "group:",
    "user:jane",
    "group:x/y/",
    "component:default/billing:",
    "@acme/team",
    "@jane",
    "@",
    "@/",
    "jane@acme.test",
    "unknown",
    "UNKNOWN",
    "{{",
    "}}",
    "{{ .x }}",
    "${x}",
    "{",
    "{a,b}",
    "{1..99999999}",
    "{a,b}" * 12,
    "[",
    "[]",
    "[z-a]",
    "[[a]",
    "[a&&b]",
    "\\",
    "!a",
    "**",
    "**/",
    "**/a/" * 9 + "b",
    "*a" * 9,
    "https://[",
    "https://[::1]/a/b",
    "https://github.com/acme/billing",
    "http://a/\u2100",
    "http://billing",
    "http://ledger-service:80/x",
    "ledger.svc",
    ".svc" * 500,
    "a" * 70,
    "é" * 70,
    "é",
    "ﬀ",
    "\u2028",
    "\ufeff",
    "\x7f",
    "\U0001f600",
    "1e999",
    "9" * 5000,
    "0x" + "f" * 99,
    ".nan",
    "12:30",
    "true",
    "null",
    "~",
    "<<",
    "=",
    "production",
    "dev",
    "dev-é",
    "*/5 * * * *",
    "* " * 99,
    "billing",
    "Billing",
    "backstage.io/kubernetes-id",
    "file://../ledger",
    "file://../../..",
    "file://",
    "(" * 3000,
    "{{ " + "(" * 3000 + " }}",
    "{{ index .path.segments " + "9" * 5000 + " }}",
    '{{ .path.path | replace "" "' + "x" * 200 + '" }}',
    "{{path[0]}}",
    "{{" * 2000,
    "{{ .path.basename }}",
)
NUMBERS = (0, 1, -1, 644, 2**31, 2**63 - 1, 2**64, 10**19, 0.5, 1e300, -0.0)

texts = st.sampled_from(TEXTS) | st.text(max_size=6)
scalars: st.SearchStrategy[Json] = st.none() | st.booleans() | st.sampled_from(NUMBERS) | texts
oddities: st.SearchStrategy[Json] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)


def usually(good: st.SearchStrategy[Json], odd: st.SearchStrategy[Json] = oddities) -> st.SearchStrategy[Json]:
    """The good thing fifteen times of sixteen, else anything: files have many keys, and most shall get through."""
    return st.integers(0, 15).flatmap(lambda die: odd if die == 15 else good)


def some(**keys: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    """An object with some of these keys; `__` in a name is a slash, `_` before a word of Python is dropped."""
    fields = {key.removeprefix("_").replace("__", "/"): usually(value) for key, value in keys.items()}
    return st.fixed_dictionaries({}, optional=fields)


def several(item: st.SearchStrategy[Json], most: int = 3) -> st.SearchStrategy[Json]:
    return st.lists(usually(item), max_size=most)


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
    annotations=some(owner=owners, acme__owner=owners, scenedock_dev__skeleton=texts),
)
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
    commonLabels=some(app=texts, backstage_io__kubernetes_id=texts),
    owner_info=some(team=texts, owner=owners),
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
).map("\n".join)
apis = some(openapi=st.just("3.0.0"), asyncapi=st.just("2.0.0"), info=oddities)


def _dumped(document: Json) -> str:
    return json.dumps(document, ensure_ascii=False)


def _block(document: Json) -> str:
    return str(yaml.safe_dump(document, allow_unicode=True))


def _stream(documents: Sequence[Json]) -> str:
    return "\n---\n".join(map(_dumped, documents))


def written(documents: st.SearchStrategy[Json]) -> st.SearchStrategy[bytes]:
    """A document as the bytes of a file, once in a while damaged."""
    text = documents.map(_dumped) | documents.map(_block) | st.lists(documents, max_size=3).map(_stream)
    return text.map(lambda each: each.encode("utf-8", "replace")).flatmap(maybe_damaged)


DAMAGES = (
    b"",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\0",
    b"\xc3",
    b"\t",
    b"{{ if }}\n",
    b"&a [*a]",
    b"%YAML 9.9\n---\n",
    b"---\n",
    b"...\n",
    b"!!python/object:x y",
    b"? ",
    b"a: b: c",
    b"- ",
    b"'",
    b'"',
    b"|\n",
    b"\r",
    b"\x85",
    b"\0GITCRYPT\0",
    b"sops: {}\nENC[AES256_GCM,",
    b"<<: 1\n",
    b"[" * 200,
    b"\n" * 300,
    b"a: &a [x,x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n",
    MARKER_LINE.encode(),
)


def maybe_damaged(data: bytes) -> st.SearchStrategy[bytes]:
    """The bytes three times of four, else cut off, overwritten, in another encoding, or something else entirely."""
    places = st.integers(0, len(data))
    damaged = st.one_of(
        places.map(lambda at: data[:at]),
        st.tuples(places, st.sampled_from(DAMAGES)).map(lambda drawn: data[: drawn[0]] + drawn[1] + data[drawn[0] :]),
        st.tuples(places, st.binary(min_size=1, max_size=3)).map(
            lambda drawn: data[: drawn[0]] + drawn[1] + data[drawn[0] + len(drawn[1]) :]
        ),
        st.just(data.replace(b"\n", b"\r\n")),
        st.just(data.decode().encode("utf-16")),
        st.just(data * 3),
        st.binary(max_size=20),
        st.sampled_from(DAMAGES),
    )
    return st.sampled_from((True, True, True, False)).flatmap(lambda whole: st.just(data) if whole else damaged)


API_FILES = ("openapi.yaml", "asyncapi.json", "a.graphql", "v1.proto")
FOLDER_FILES: Mapping[str, st.SearchStrategy[bytes]] = {
    "values.yaml": written(values),
    "values-dev.yaml": written(values),
    "values_production.yaml": written(values),
    "envs/qa/values.yaml": written(values),
    "requirements.yaml": written(some(dependencies=several(dependencies))),
    "catalog-info.yaml": written(entities) | written(entities).map(lambda data: MARKER_LINE.encode() + data),
    "catalog-info.yml": written(entities),
    "templates/deployment.yaml": written(manifests) | written(applications),
    "templates/_helpers.tpl": st.just(b"kind: Service"),
    "mkdocs.yml": st.just(b""),
    **{name: written(apis) for name in API_FILES},
}
LAYOUTS = (
    "{service}",
    "apps/{service}",
    "tenant/{service}/{environment}",
    "apps/{service}/charts/{service}",
    ".hidden/{service}",
    "tests/{service}",
)
folders = st.builds(
    lambda layout, service, environment: layout.format(service=service, environment=environment),
    st.sampled_from(LAYOUTS),
    services,
    environments,
)
names = st.sampled_from(
    (
        b"Chart.yaml",
        b"values.yaml",
        b"catalog-info.yaml",
        b"scenedock.yaml",
        b"CODEOWNERS",
        b"lists",
        b"\xff\xfe",
        b"caf\xe9.yaml",
        b" ",
        b"a\nb",
        b"a" * 250,
        "é".encode(),
        b"values-\n.yaml",
        b"*",
        b"[a]",
        b"\x1b[31m",
        b".git",
        b"\\",
        b":",
        b"apps",
        b"billing",
        b"tenant",
    )
)
links = st.sampled_from(
    (
        "Chart.yaml",
        ".",
        "..",
        "/",
        "loop",
        "nowhere",
        "{outside}/Chart.yaml",
        "{outside}",
        "../billing/Chart.yaml",
        "../common",
        "/dev/null",
        "/dev/zero",
        "/dev/stdin",
        "values.yaml",
        "../" * 30 + "etc/hostname",
    )
).map(Link)
odd_nodes: st.SearchStrategy[Node] = st.one_of(
    links, st.sampled_from((Special("pipe"), Special("socket"))), st.binary(max_size=9), written(oddities)
)


@st.composite
def trees(draw: st.DrawFn) -> dict[bytes, Node]:
    """A repository of up to five folders, the files beside them, and a few things that nobody expects."""
    tree: dict[bytes, Node] = {}
    places = draw(st.lists(folders, min_size=0, max_size=5))
    for place in places:
        below = "" if draw(st.integers(0, 30)) == 30 else f"{place}/"
        if draw(st.integers(0, 8)) < 8:
            tree[f"{below}Chart.yaml".encode()] = draw(written(charts))
        for name in draw(st.lists(st.sampled_from(sorted(FOLDER_FILES)), max_size=4, unique=True)):
            tree[below.encode() + name.encode()] = draw(FOLDER_FILES[name])
    if draw(st.booleans()):
        tree[b"scenedock.yaml"] = draw(written(settings))
    if draw(st.booleans()):
        tree[b"CODEOWNERS"] = draw(codeowners.map(lambda text: text.encode("utf-8", "replace")).flatmap(maybe_damaged))
    if draw(st.booleans()):
        tree[b"argocd/set.yaml"] = draw(written(applications))
    if draw(st.booleans()):
        tree[b"lists/dev.yaml"] = draw(written(app_lists))
    for _ in range(draw(st.integers(0, 3))):
        parents = [place.encode() for place in places] + [b"", b"apps", draw(names)]
        tree[b"/".join((draw(st.sampled_from(parents)), draw(names))).lstrip(b"/")] = draw(odd_nodes)
    return tree
