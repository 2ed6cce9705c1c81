"""Validate manifests against Kubernetes' schemas, and those of custom resources that a repository defines itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from scenedock.documents.problems import MISSING, shown
from scenedock.manifests.custom_resources import GroupVersionKind, schemas_of
from scenedock.manifests.difference import ManifestProblem, NewProblems
from scenedock.manifests.objects import id_of, objects_in, stem_of
from scenedock.manifests.rendered import Rendered
from scenedock.model.json import JsonObject, as_list, as_object, as_text
from scenedock.structs import dataclass, field

if TYPE_CHECKING:
    from jsonschema_rs import Draft4Validator, Draft202012Validator, ValidationError

_ADDRESS: Final = "https://kubernetes.io/api/_definitions.json"
_MOST_PROBLEMS: Final = 20
_NUMBER: Final = re.compile(r"\[\d+\]")
_TYPES: Final = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "an object",
    "string": "a text",
}


@dataclass(frozen=True, slots=True)
class Validation:
    """The problems, how many objects were checked, and how many of which kinds weren't, because no schema is known."""

    problems: tuple[ManifestProblem, ...]
    checked: int
    unchecked: Mapping[str, int] = field(default_factory=dict)


class KubernetesSchemas:
    """The schemas of one version of Kubernetes, and of the custom resources that `manifests` define.

    `definitions` are Kubernetes' own under `$defs`, with `x-kubernetes-group-version-kind`.
    """

    def __init__(self, version: str, definitions: JsonObject, manifests: Iterable[JsonObject] = ()) -> None:
        self.version = version
        self._definitions = definitions
        self._own = {
            GroupVersionKind(*(as_text(as_object(key).get(part)) for part in GroupVersionKind._fields)): name
            for name, definition in as_object(definitions.get("$defs")).items()
            for key in as_list(as_object(definition).get("x-kubernetes-group-version-kind"))
        }
        self._groups = {key.group for key in self._own}
        self._custom = schemas_of(manifests)
        self._validators: dict[GroupVersionKind, Draft202012Validator | Draft4Validator | None] = {}

    def problems(self, manifest: JsonObject) -> list[tuple[str, str]] | None:
        """Paths and messages of what is wrong with an object; None if no schema is known for it."""
        key = GroupVersionKind.of(manifest)
        if not key.kind:
            return [("kind", MISSING)]
        if key not in self._own and key not in self._custom:
            if key.group not in self._groups:
                return None
            return [("apiVersion", f"Kubernetes {self.version} has no {key}")]
        if key not in self._validators:
            self._validators[key] = self._validator(key)
        validator = self._validators[key]
        if validator is None:
            return None
        errors = islice(validator.iter_errors(manifest), _MOST_PROBLEMS)
        return sorted({problem for error in errors for problem in _explained(error)})

    def _validator(self, key: GroupVersionKind) -> Draft202012Validator | Draft4Validator | None:
        """The validator of a kind; None for a CustomResourceDefinition without a schema that can be used."""
        from jsonschema_rs import Draft4Validator, Draft202012Validator, Registry, ValidationError

        mask = "the value"  # the library's own messages say this in place of the value
        if name := self._own.get(key):
            registry = Registry([(_ADDRESS, dict(self._definitions))])
            return Draft202012Validator({"$ref": f"{_ADDRESS}#/$defs/{name}"}, registry=registry, mask=mask)
        try:
            return Draft4Validator(dict(self._custom[key]), mask=mask)
        except (ValidationError, ValueError):
            return None


def validate(rendered: Sequence[Rendered], schemas: KubernetesSchemas) -> Validation:
    """Check all objects of what was rendered."""
    problems: list[ManifestProblem] = []
    unchecked: Counter[str] = Counter()
    checked = 0
    for each in rendered:
        for manifest in objects_in(each.manifests):
            found = schemas.problems(manifest)
            if found is None:
                unchecked[str(GroupVersionKind.of(manifest))] += 1
                continue
            checked += 1
            problems += [ManifestProblem(each.pair, id_of(manifest), path, message) for path, message in found]
    return Validation(tuple(problems), checked, dict(sorted(unchecked.items())))


def new_problems(
    before: Sequence[Rendered], after: Sequence[Rendered], version: str, definitions: JsonObject
) -> NewProblems:
    """What is wrong after a change, and wasn't before; each side knows the custom resources that it defines.

    An object whose name has another hash is the same one, and so is an item of a list at another position.
    """
    old, new = (
        validate(each, KubernetesSchemas(version, definitions, (one for side in each for one in side.manifests)))
        for each in (before, after)
    )
    same = set(old.problems)
    left = Counter(map(_same, same.difference(new.problems)))
    found = []
    for problem in new.problems:
        if problem in same:
            continue
        if left[_same(problem)]:
            left[_same(problem)] -= 1
        else:
            found.append(problem)
    failed = {each.pair for each in before if each.reason}
    broken = dict.fromkeys(each.pair for each in after if each.reason and each.pair not in failed)
    return NewProblems(tuple(found), tuple(broken), len(new.problems) - len(found), new.checked, new.unchecked, version)


def _same(problem: ManifestProblem) -> Hashable:
    """What a problem has in common with itself before a change."""
    name = stem_of(problem.id.name)
    return problem.pair, problem.id._replace(name=name), _NUMBER.sub("[]", problem.path), problem.message


def _explained(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Paths and messages without values."""
    from jsonschema_rs import ValidationErrorKind as Broken

    path = tuple(error.instance_path)
    match error.kind:
        case Broken.Required(name):
            yield shown((*path, name)), MISSING
        case Broken.AdditionalProperties(names):
            yield from ((shown((*path, name)), "there is no such key") for name in names)
        case Broken.Type(types):
            yield shown(path), f"must be {' or '.join(_TYPES[name] for name in types if name != 'null')}"
        case Broken.Enum(options):
            yield shown(path), f"must be {' or '.join(str(option) for option in options)}"
        case Broken.OneOfNotValid() | Broken.AnyOf():
            yield shown(path), "isn't any of what is allowed here"
        case _:
            yield shown(path), error.message
