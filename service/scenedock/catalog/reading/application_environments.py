"""Which environment an Argo CD Application says that it is for.

What it says itself counts for more than any list of names: a label or parameter called `environment`, `env` or `stage`,
or a values file `values-<x>.yaml` where something besides the file says `<x>`. Where nothing does, names of the fixed
list in its path, name and namespace tell.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scenedock.catalog.reading.environment_lists import EnvironmentLists
from scenedock.catalog.reading.generators import flat
from scenedock.catalog.vocabulary.environments import EnvironmentNames, word_of_values_file
from scenedock.model.json import JsonObject, as_list, as_object, as_text

_KEYS = ("environment", "env", "stage")
_WORD = re.compile(r"[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*")
_NOTHING = frozenset({"all", "any", "default", "na", "none", "null", "unknown"})
_ALIASES = {"development": "dev", "integration": "int", "staging": "stage", "production": "prod"}
# Parameters that tell applications apart by something else than the environment.
_OTHER_DIMENSIONS = frozenset(
    """app application chart component instance location name namespace project region release service team tenant
    version zone""".split()
)


@dataclass(frozen=True, slots=True)
class ApplicationWords:
    """What an Application says, besides its values: `parameters` are those of the generator that it comes from."""

    name: str
    path: str
    namespace: str
    destination: str
    labels: Mapping[str, str]
    value_files: tuple[str, ...]
    parameters: JsonObject
    helm_parameters: Mapping[str, str]


def environment_of(said: ApplicationWords, lists: EnvironmentLists) -> tuple[str | None, str]:
    """The environment, and, where an Application names two, what they are; it is for none then.

    What it says itself only settings that name all environments can rule out, not a helmfile in its folder.
    """
    names = lists.of(said.path)
    explicit = _kinds(word for word in _explicit(said) if _may_be(word, lists.names))
    listed = _kinds(_listed(said, names))
    if explicit:
        doubt = len(explicit) > 1 or not _agree(explicit[0], listed)
        found = explicit + listed
    else:
        found = _kinds([*listed, *(word for word in _supported(said, names) if _may_be(word, lists.names))])
        doubt = len(found) > 1
    if doubt:
        return None, " and ".join(dict.fromkeys(found))
    return (names.named(found[0]) or found[0] if found else _by_fixed_list(said, names)), ""


def helm_parameters(helm: JsonObject) -> dict[str, str]:
    """The parameters that an Application hands to Helm, by name."""
    pairs = map(as_object, as_list(helm.get("parameters")))
    return {as_text(each.get("name")): as_text(each.get("value")) for each in pairs}


def _explicit(said: ApplicationWords) -> Iterator[str]:
    for key, value in said.labels.items():
        if key.rpartition("/")[2] in _KEYS:
            yield value
    for parameters in (said.parameters, as_object(said.parameters.get("values")), said.helm_parameters):
        yield from (as_text(parameters.get(key)) for key in _KEYS)


def _may_be(word: str, names: EnvironmentNames) -> bool:
    """Whether a word can be an environment's name; settings may say what all of them are called."""
    if not _WORD.fullmatch(word) or word.lower() in _NOTHING:
        return False
    return not names.closed or names.named(word) is not None


def _listed(said: ApplicationWords, names: EnvironmentNames) -> Iterator[str]:
    """The environments by those of its values files whose names are known, or listed in the repository."""
    for file in said.value_files:
        relative = file.partition("/")[2].removeprefix(said.path + "/") if file.startswith("$") else file
        if environment := names.of_values_file(relative.rpartition("../")[2]):
            yield environment


def _supported(said: ApplicationWords, names: EnvironmentNames) -> Iterator[str]:
    """The `<x>` of values files where the Application says `<x>` in another place, too."""
    folder = posixpath.basename(said.path)
    split = names.split(said.name)
    service = {said.name, folder, split[0] if split else ""}
    places = {
        said.destination,
        said.namespace if not said.name.startswith(f"{said.namespace}-") else "",
        *said.path.split("/"),
        *(
            value
            for key, value in flat(said.parameters).items()
            if _OTHER_DIMENSIONS.isdisjoint(key.split(".")) and not key.startswith("path.")
        ),
    }
    for file in said.value_files:
        word = word_of_values_file(posixpath.basename(file))
        if not word or names.named(word) or word in service:
            continue
        if word in places or any(_has_part(text, word, folder) for text in (said.name, said.namespace)):
            yield word


def _has_part(text: str, word: str, folder: str) -> bool:
    """Whether a word is a hyphenated part of a text; in front only of the folder's name (`harbour-billing`)."""
    return text.endswith(f"-{word}") or f"-{word}-" in text or text == f"{word}-{folder}"


def _by_fixed_list(said: ApplicationWords, names: EnvironmentNames) -> str | None:
    for segment in reversed(said.path.split("/")):
        if environment := names.named(segment):
            return environment
    for word in (said.name, said.namespace, posixpath.basename(said.path)):
        if split := names.split(word):
            return split[1]
    return names.named(said.namespace)


def _kinds(words: Iterable[str]) -> list[str]:
    """Words that mean different environments: `prod` and `production` are one, `prod-eu` says more than `prod`."""
    found: dict[str, str] = {}
    for word in words:
        found.setdefault(_plain(word), word)
    return [word for plain, word in found.items() if not any(other.startswith(f"{plain}-") for other in found)]


def _agree(explicit: str, listed: Iterable[str]) -> bool:
    said = _plain(explicit)
    return all(
        f"{other}-".startswith(f"{said}-") or f"{said}-".startswith(f"{other}-") for other in map(_plain, listed)
    )


def _plain(word: str) -> str:
    first, hyphen, rest = word.partition("-")
    return f"{_ALIASES.get(first, first)}{hyphen}{rest}".lower()
