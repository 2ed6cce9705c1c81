"""Which environment an Argo CD Application says it is for.

What it says itself counts for more than any list of names: a label or parameter called `environment`, `env` or `stage`,
or a values file `values-<x>.yaml` where something besides the file says `<x>`. Where nothing does, names of the fixed
list in its path, name and namespace tell.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from scenedock.catalog.reading.argo.generators import flat
from scenedock.catalog.reading.environment_lists import EnvironmentLists
from scenedock.catalog.vocabulary.environments import ENVIRONMENT_FOLDERS, EnvironmentNames, word_of_values_file
from scenedock.model.json import JsonObject, as_list, as_object, as_text
from scenedock.structs import dataclass

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


def environment_of(
    application: ApplicationWords, lists: EnvironmentLists, *, by_name: bool = True
) -> tuple[str | None, str]:
    """The environment; where an Application names several, None and the names of those.

    A part of its own name, such as the `test` of `load-test`, counts only `by_name`, for what has a folder beside.
    What it says itself only settings that name all environments can rule out, not a helmfile in its folder.
    """
    names = lists.of(application.path)
    explicit = _kinds(word for word in _explicit(application) if _may_be(word, lists.names))
    listed = _kinds(_listed(application, names))
    if explicit:
        doubt = len(explicit) > 1 or not _agree(explicit[0], listed)
        candidates = explicit + listed
    else:
        candidates = _kinds([*listed, *(word for word in _supported(application, names) if _may_be(word, lists.names))])
        doubt = len(candidates) > 1
    if doubt:
        return None, " and ".join(dict.fromkeys(candidates))
    if candidates:
        return names.named(candidates[0]) or candidates[0], ""
    return _by_fixed_list(application, names, by_name=by_name), ""


def helm_parameters(helm: JsonObject) -> dict[str, str]:
    """The parameters that an Application hands to Helm, by name."""
    pairs = map(as_object, as_list(helm.get("parameters")))
    return {as_text(each.get("name")): as_text(each.get("value")) for each in pairs}


def _explicit(application: ApplicationWords) -> Iterator[str]:
    for key, value in application.labels.items():
        if key.rpartition("/")[2] in _KEYS:
            yield value
    for parameters in (
        application.parameters,
        as_object(application.parameters.get("values")),
        application.helm_parameters,
    ):
        yield from (as_text(parameters.get(key)) for key in _KEYS)


def _may_be(word: str, names: EnvironmentNames) -> bool:
    """Whether a word can be an environment's name; settings may say what all of them are called."""
    if not _WORD.fullmatch(word) or word.lower() in _NOTHING:
        return False
    return not names.closed or names.named(word) is not None


def _listed(application: ApplicationWords, names: EnvironmentNames) -> Iterator[str]:
    """The environments by those of its values files whose names are known, or listed in the repository."""
    for file in application.value_files:
        relative = file.partition("/")[2].removeprefix(application.path + "/") if file.startswith("$") else file
        if environment := names.of_values_file(relative.rpartition("../")[2]):
            yield environment


def _supported(application: ApplicationWords, names: EnvironmentNames) -> Iterator[str]:
    """The `<x>` of values files where the Application says `<x>` in another place, too."""
    folder = posixpath.basename(application.path)
    split = names.split(application.name)
    service = {application.name, folder, split[0] if split else ""}
    places = {
        application.destination,
        application.namespace if not application.name.startswith(f"{application.namespace}-") else "",
        *application.path.split("/"),
        *(
            value
            for key, value in flat(application.parameters).items()
            if _OTHER_DIMENSIONS.isdisjoint(key.split(".")) and not key.startswith("path.")
        ),
    }
    for file in application.value_files:
        word = word_of_values_file(posixpath.basename(file))
        if not word or names.named(word) or word in service:
            continue
        if word in places or any(_has_part(text, word, folder) for text in (application.name, application.namespace)):
            yield word


def _has_part(text: str, word: str, folder: str) -> bool:
    """Whether a word is a hyphenated part of a text; in front only of the folder's name (`harbour-billing`)."""
    return text.endswith(f"-{word}") or f"-{word}-" in text or text == f"{word}-{folder}"


def _by_fixed_list(application: ApplicationWords, names: EnvironmentNames, *, by_name: bool) -> str | None:
    segments = application.path.split("/")
    for above, segment in zip(reversed(["", *segments[:-1]]), reversed(segments), strict=True):
        environment = names.named(segment)
        if environment and (by_name or names.lists(environment) or above in ENVIRONMENT_FOLDERS):
            return environment
    if not by_name and (environment := names.named(application.destination)):
        return environment
    for word in (application.name, application.namespace, posixpath.basename(application.path)) if by_name else ():
        if split := names.split(word):
            return split[1]
    return names.named(application.namespace)


def _kinds(words: Iterable[str]) -> list[str]:
    """Words that mean different environments: `prod` and `production` are one, `prod-eu` says more than `prod`."""
    kinds: dict[str, str] = {}
    for word in words:
        kinds.setdefault(_plain(word), word)
    return [word for plain, word in kinds.items() if not any(other.startswith(f"{plain}-") for other in kinds)]


def _agree(explicit: str, listed: Iterable[str]) -> bool:
    own = _plain(explicit)
    return all(f"{other}-".startswith(f"{own}-") or f"{own}-".startswith(f"{other}-") for other in map(_plain, listed))


def _plain(word: str) -> str:
    first, hyphen, rest = word.partition("-")
    return f"{_ALIASES.get(first, first)}{hyphen}{rest}".lower()
