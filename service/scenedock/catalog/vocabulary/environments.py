"""Which words are names of environments, and what a path says about them.

Names come from settings, from what the repository itself lists, or from a fixed list: otherwise `values_local.yaml` or
`tempo-values-production.yaml` (the values of a subsystem) would look like environments.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Literal, TypeAlias

from scenedock.structs import dataclass

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
_STAGES = (("dev", "development"), ("int", "integration"), ("qa", "test", "uat"), ("stage", "staging"), ("preprod",))
"""The way to production: versions go from each to the next."""
Tier: TypeAlias = Literal["production", "other"]
_NEGATIONS = frozenset({"no", "non", "not", "pre"})
_PRODUCTIVE = re.compile(r"(?:prod|prd|production|live)$")
_NOT_PRODUCTIVE = re.compile(r"(?:no|non|not|pre|(?:^|[-_.])(?:no|non|not|pre)[-_.])(?:prod|prd|production|live)$")
# What names end in, hyphen or not (`eastdev`). Shorter words and `int` end in too much else.
_OTHER_TIERS = re.compile(r"(?:dev|development|integration|qa|test|uat|stage|staging)$")
# Folders that only hold others: they say nothing about what is in them.
CONTAINERS = frozenset(
    """app apps application applications argocd chart charts cluster clusters component components deploy deployment
    deployments env environment environments envs gitops helm helm-charts k8s kubernetes manifests namespaces project
    projects release releases service services stack stacks workload workloads""".split()
)
ENVIRONMENT_FOLDERS = frozenset({"clusters", "env", "environment", "environments", "envs", "overlays"})
"""Folders whose folders are called after environments."""
VALUES_FOLDERS = frozenset({"values", "env", "envs", "environment", "environments"})

_ORDER_PREFIX = re.compile(r"^\d+[-_.]")
_YAML_SUFFIX = re.compile(r"\.ya?ml$")
# `redis-values.yaml` are the values of a service.
_VALUES_WORD = re.compile(r"^values[-_.](.+)$")
# Folders of a chart whose values files are of no deployment.
_NOT_DEPLOYED = re.compile(r"^(?:ci|test.*|examples?|docs?|vendor|starters?|[._].*)$")


@dataclass(frozen=True, slots=True)
class EnvironmentNames:
    """The environment names of one repository: a name is one of `known`, or one of them with a hyphenated suffix.

    Where somebody lists all names (`closed`), only those count and suffixes don't. `listed` are what a repository names
    itself: of values files alone, for a folder may well be called so for another reason.
    """

    known: tuple[str, ...] = KNOWN_ENVIRONMENTS
    closed: bool = False
    listed: frozenset[str] = frozenset()

    def named(self, word: str) -> str | None:
        """The environment that a word names, or None.

        >>> EnvironmentNames().named("01-dev"), EnvironmentNames().named("prod-eu"), EnvironmentNames().named("local")
        ('dev', 'prod-eu', None)
        """
        for candidate in (word, without_order(word)):
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
        >>> [names.of_values_file(path) for path in ("values-qa.yaml", "envs/qa/values.yaml", "ci/values-qa.yaml")]
        ['qa', 'qa', None]
        """
        *parents, file = path.split("/")
        stem, is_yaml = _YAML_SUFFIX.subn("", file)
        if not is_yaml:
            return None
        if parents and _NOT_DEPLOYED.match(parents[0]):
            return None
        match = _VALUES_WORD.match(stem)
        parents = [parent for parent in parents if parent not in VALUES_FOLDERS]
        if len(parents) == 1:
            return self._of_values(parents[0]) if stem == "values" or (match and match[1] == parents[0]) else None
        if parents:
            return None
        if match:
            return self._of_values(match[1])
        # `test-data.yaml` may be anything; in a folder of values files it would be an environment.
        return self._of_values(stem) if "/" in path or self.lists(stem) else None

    def _of_values(self, word: str) -> str | None:
        return word if word in self.listed else self.named(word)


def without_order(word: str) -> str:
    """A folder's name without the number that sorts it: `01-dev` is `dev`."""
    return _ORDER_PREFIX.sub("", word) if word[:1].isdigit() else word


def without_environment(name: str, environment: str | None) -> str:
    """The name of a release or Application without the environment that it is known to be for.

    >>> [without_environment(name, "qa") for name in ("billing-qa", "qa-billing", "billing", "qa")]
    ['billing', 'billing', 'billing', 'qa']
    """
    if environment:
        return name.removesuffix(f"-{environment}").removeprefix(f"{environment}-") or name
    return name


@lru_cache(maxsize=4096)
def word_of_values_file(path: str) -> str:
    """The `<x>` of `values-<x>.yaml`, by its path inside a folder; empty for every other file.

    >>> [word_of_values_file(path) for path in ("values-harbour.yaml", "harbour-values.yaml", "ci/values-a.yaml")]
    ['harbour', '', '']
    """
    stem, is_yaml = _YAML_SUFFIX.subn("", path)
    match = _VALUES_WORD.match(stem) if is_yaml and "/" not in path else None
    return match[1] if match else ""


@lru_cache(maxsize=1024)
def tier_of(environment: str) -> Tier | None:
    """The tier of an environment: `production`, another that is known, or None where its name says nothing.

    The first known word tells, and so does an ending, hyphen or not.

    >>> [tier_of(name) for name in ("prod-eu", "eu-qa-live", "eastprod", "nonprod", "eastdev", "harbour")]
    ['production', 'production', 'production', 'other', 'other', None]
    """
    if _NOT_PRODUCTIVE.search(environment):
        return "other"
    if _PRODUCTIVE.search(environment):
        return "production"
    for before, word in pairwise(["", *environment.split("-")]):
        if word in KNOWN_ENVIRONMENTS:
            return "production" if word in PRODUCTION_TIER and before not in _NEGATIONS else "other"
    return "other" if _OTHER_TIERS.search(environment) else None


def is_production(environment: str) -> bool:
    """Whether an environment is of the production tier.

    >>> [is_production(name) for name in ("prod-eu", "eu-prod", "eastprod", "preprod", "non-prod")]
    [True, True, True, False, False]
    """
    return tier_of(environment) == "production"


def stage_of(environment: str) -> int | None:
    """Where an environment stands on the way to production; None where its name says nothing.

    >>> stage_of("dev"), stage_of("prod-eu"), stage_of("eastprod"), stage_of("harbour")
    (0, 5, 5, None)
    """
    if is_production(environment):
        return len(_STAGES)
    word = next((word for word in environment.split("-") if word in KNOWN_ENVIRONMENTS), "")
    return next((rank for rank, names in enumerate(_STAGES) if word in names), None)


@lru_cache(maxsize=1024)  # all repositories together have few environments
def promotion_rank(environment: str | None) -> tuple[int, str]:
    """What environments are sorted by wherever people see them: on the way to production; none at all comes first.

    Those whose names say nothing come before production.

    >>> sorted(["production", "harbour", "qa", "dev"], key=promotion_rank)
    ['dev', 'qa', 'harbour', 'production']
    """
    if environment is None:
        return -1, ""
    stage = stage_of(environment)
    return len(_STAGES) - 1 if stage is None else stage, environment


def production_rank(environment: str | None) -> tuple[bool, str]:
    """What environments are sorted by: those of the production tier first, otherwise in alphabetical order."""
    return not (environment and is_production(environment)), environment or ""
