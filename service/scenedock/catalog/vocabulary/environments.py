"""Which words are names of environments, and what a path says about them.

Names come from a known list or from settings: otherwise `values_local.yaml` or `tempo-values-production.yaml` (the
values of a subsystem) would look like environments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

KNOWN_ENVIRONMENTS = (
    "dev",
    "development",
    "int",
    "integration",
    "qa",
    "test",
    "uat",
    "stage",
    "staging",
    "preprod",
    "prod",
    "production",
    "live",
)
PRODUCTION_TIER = frozenset({"prod", "production", "live"})
_NEGATIONS = frozenset({"no", "non", "not", "pre"})
VALUES_FOLDERS = frozenset({"values", "env", "envs", "environment", "environments"})

_ORDER_PREFIX = re.compile(r"^\d+[-_.]")
_YAML_SUFFIX = re.compile(r"\.ya?ml$")
_VALUES_WORD = re.compile(r"^values[-_.](?P<after>.+)$|^(?P<before>.+)[-_.]values$")


@dataclass(frozen=True, slots=True)
class EnvironmentNames:
    """The environment names of one repository: a name is one of `known`, or one of them with a hyphenated suffix.

    Where the settings list the names (`closed`), only those count and suffixes don't.
    """

    known: tuple[str, ...] = KNOWN_ENVIRONMENTS
    closed: bool = False

    def named(self, word: str) -> str | None:
        """The environment that a word names, or None.

        >>> EnvironmentNames().named("01-dev"), EnvironmentNames().named("prod-eu"), EnvironmentNames().named("local")
        ('dev', 'prod-eu', None)
        """
        for candidate in (word, _ORDER_PREFIX.sub("", word)):
            if candidate in self.known:
                return candidate
            if not self.closed and candidate.partition("-")[0] in self.known and not candidate.endswith("-"):
                return candidate
        return None

    def lists(self, environment: str) -> bool:
        """Whether an environment's name is a known one as it is, without a suffix."""
        return environment in self.known

    def split(self, folder: str) -> tuple[str, str] | None:
        """Stem and environment of a folder named `<service>-<environment>`, the shortest such ending.

        >>> EnvironmentNames().split("load-test-prod-eu"), EnvironmentNames().split("billing")
        (('load-test', 'prod-eu'), None)
        """
        at = folder.rfind("-")
        while at > 0:
            environment = folder[at + 1 :]
            if self.named(environment) == environment:
                return folder[:at], environment
            at = folder.rfind("-", 0, at)
        return None

    @lru_cache(maxsize=4096)  # noqa: B019 - names are few, and live as long as their settings
    def of_values_file(self, path: str) -> str | None:
        """The environment of a values file, by its path inside the chart's folder; None for every other file.

        >>> names = EnvironmentNames()
        >>> [names.of_values_file(path) for path in ("values-qa.yaml", "envs/qa/values.yaml", "ci/qa-values.yaml")]
        ['qa', 'qa', None]
        """
        *parents, file = path.split("/")
        stem, is_yaml = _YAML_SUFFIX.subn("", file)
        if not is_yaml:
            return None
        parents = [parent for parent in parents if parent not in VALUES_FOLDERS]
        if len(parents) == 1:
            return self.named(parents[0]) if stem == "values" else None
        if parents:
            return None
        if match := _VALUES_WORD.match(stem):
            return self.named(match["after"] or match["before"])
        # `test-data.yaml` may be anything; in a folder of values files it would be an environment.
        return self.named(stem) if "/" in path or self.lists(stem) else None


@lru_cache(maxsize=1024)
def is_production(environment: str) -> bool:
    """Whether an environment is of the production tier: the first known word of its name tells.

    >>> [is_production(name) for name in ("prod-eu", "eu-prod", "preprod", "non-prod", "eu-qa-live")]
    [True, True, False, False, False]
    """
    words = environment.split("-")
    for before, word in pairwise(["", *words]):
        if word in KNOWN_ENVIRONMENTS:
            return word in PRODUCTION_TIER and before not in _NEGATIONS
    return False


def production_rank(environment: str | None) -> tuple[bool, str]:
    """What environments are sorted by: those of the production tier first, otherwise in alphabetical order."""
    return not (environment and is_production(environment)), environment or ""
