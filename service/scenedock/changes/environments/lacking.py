"""What a new environment still lacks: secrets to seal or to put into a store, and lines that automations write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from scenedock.changes.automations import writer_in
from scenedock.changes.environments.decisions import DROPPED, Decision
from scenedock.changes.environments.planned import Lack
from scenedock.changes.environments.secrets import NAME_ALONE, SECRETS
from scenedock.changes.environments.words import Words
from scenedock.changes.planned import PlannedFile
from scenedock.documents.reading import DocumentError, read_documents
from scenedock.model.finding import Place
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text, value_at


def lacks_in(
    decisions: Sequence[Decision],
    files: Iterable[PlannedFile],
    words: Words,
    service: str,
    environment: str,
    new: str = "",
) -> Iterator[Lack]:
    """What the decisions leave out, and what the new files need.

    `new` is what names have in the place of the words; without it, the environment.
    """
    new = new or environment
    said: set[tuple[Place, str]] = set()
    for each in decisions:
        if each.outcome != "left out":
            continue
        document, _, name = each.entry.identity[0].partition("/")
        if document in SECRETS:
            where = Place(each.place.repository, each.place.path)
            if (where, each.entry.identity[0]) not in said:
                said.add((where, each.entry.identity[0]))
                namespace = _namespace(decisions, each, words, new)
                yield sealed_secret(words.replaced(name, new) or name, namespace, service, environment, where)
        elif each.reason not in {NAME_ALONE, DROPPED}:
            yield Lack("value", f"{each.key}: {each.reason}", each.place, "Keep it in a secret, and refer to that.")
    for file in files:
        yield from _of_file(file)


def sealed_secret(name: str, namespace: str, service: str, environment: str, place: Place) -> Lack:
    """A secret to seal for an environment of a service, key by key."""
    where = f"--name {name} --namespace {namespace}" if namespace else f"--name {name}"
    what = f"{name} in namespace {namespace}" if namespace else name
    there = f" --environment {environment}" if environment else ""
    return Lack("sealed secret", what, place, f"scenedock secrets seal {service} KEY{there} {where}")


def lacks_of_manifests(manifests: Iterable[JsonObject], service: str, new: str) -> Iterator[Lack]:
    """The secrets that rendered manifests need and don't bring."""
    objects = list(manifests)
    brought = {
        as_text(value_at(each, ("spec", "target", "name"))) or as_text(value_at(each, ("metadata", "name")))
        for each in objects
        if each.get("kind") in {*SECRETS, "ExternalSecret"}
    }
    needed: dict[tuple[str, str], None] = {}
    for each in objects:
        if each.get("kind") == "ExternalSecret":
            yield from _of_external(each, Place())
            continue
        namespace = as_text(value_at(each, ("metadata", "namespace")))
        for name in _referred(each):
            if name not in brought:
                needed[name, namespace] = None
    for name, namespace in needed:
        yield sealed_secret(name, namespace, service, new, Place())


def _of_file(file: PlannedFile) -> Iterator[Lack]:
    after = file.after or b""
    before, lines = (
        {*(file.before or b"").decode("utf-8", "replace").splitlines()},
        after.decode("utf-8", "replace").splitlines(),
    )
    for number, line in enumerate(lines, 1):
        if line not in before and (writer := writer_in(lines, number)):
            place = Place(file.repository, file.path, number)
            yield Lack("automation", f"the line is written by {writer}", place, "Give it a policy of its own, or none.")
    if b"ExternalSecret" in after:
        try:
            documents = read_documents(after)
        except DocumentError:
            return
        for document in documents:
            if as_object(document.value).get("kind") == "ExternalSecret":
                yield from _of_external(as_object(document.value), Place(file.repository, file.path, document.line))


def _of_external(manifest: JsonObject, place: Place) -> Iterator[Lack]:
    """The paths in a store that an ExternalSecret reads."""
    store = as_text(value_at(manifest, ("spec", "secretStoreRef", "name"))) or "its store"
    name = as_text(value_at(manifest, ("metadata", "name")))
    references = [value_at(each, ("remoteRef", "key")) for each in as_list(value_at(manifest, ("spec", "data")))]
    references += [value_at(each, ("extract", "key")) for each in as_list(value_at(manifest, ("spec", "dataFrom")))]
    for key in dict.fromkeys(filter(None, map(as_text, references))):
        yield Lack("external secret", f"{key} in {store}, for {name}", place, f"Put it into {store} before the merge.")


def _namespace(decisions: Iterable[Decision], secret: Decision, words: Words, new: str) -> str:
    """The namespace of a secret that is left out."""
    for each in decisions:
        same = (each.place.path, each.entry.identity[:1]) == (secret.place.path, secret.entry.identity[:1])
        if same and each.entry.identity[1:] == ("metadata", "namespace"):
            text = str(each.entry.value)
            return words.replaced(text, new) or text
    return ""


def _referred(value: Json) -> Iterator[str]:
    """The names of Secrets that a manifest refers to."""
    found: Mapping[str, Json] = as_object(value)
    for key, below in found.items():
        name = as_object(below)
        if key in {"secretKeyRef", "secretRef"} and not name.get("optional"):
            yield from filter(None, [as_text(name.get("name"))])
        elif key == "secret" and not name.get("optional"):
            yield from filter(None, [as_text(name.get("secretName"))])
        else:
            yield from _referred(below)
    for each in as_list(value):
        yield from _referred(each)
