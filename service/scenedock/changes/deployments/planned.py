"""A new deployment as it is planned, and what somebody wants of it."""

from __future__ import annotations

import re
from typing import Final

from scenedock.changes.environments.planned import Answers, CopyPlan
from scenedock.errors import InputError
from scenedock.structs import dataclass

_NAME: Final = re.compile(r"[a-z]([a-z0-9-]{0,48}[a-z0-9])?")
_VERSION: Final = re.compile(
    r"([a-z0-9][a-z0-9._/-]*(:\d+/[a-z0-9._/-]+)?:)?\w[\w.-]{0,127}(@sha256:[0-9a-f]{64})?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class NewRelease:
    """A service in an environment, as the repository would have it: where it runs, and the image that it needs."""

    environment: str | None
    namespace: str = ""
    hosts: tuple[str, ...] = ()
    image: str = ""

    def __str__(self) -> str:
        """`qa: namespace orders-qa, hosts orders.qa.acme.example`."""
        said = [f"namespace {self.namespace}"] if self.namespace else ["the repository does not say its namespace"]
        said += [f"hosts {', '.join(self.hosts)}"] if self.hosts else []
        return f"{self.environment or 'the only environment'}: {', '.join(said)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentPlan(CopyPlan):
    """A service as it would be deployed, made from the service `source`, or from the skeleton of this name."""

    source: str
    is_skeleton: bool = False
    releases: tuple[NewRelease, ...] = ()

    @property
    def names(self) -> tuple[str, str]:
        """What is copied, and the service."""
        return (f"the skeleton {self.source}" if self.is_skeleton else self.source), self.service


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeployment(Answers):
    """What somebody wants: a service, made from another one, or from a `skeleton` where `source` is empty.

    Without `environments`, it gets all that the source has. `version` is the answer to all versions of its image.
    """

    service: str
    source: str = ""
    skeleton: str = "deployment"
    repository: str | None = None
    environments: tuple[str, ...] = ()
    version: str = ""

    def check(self) -> None:
        """Refuse a name that no folder, chart, Component and host name can all have, and a version that no image can.

        Raises
        ------
        InputError   it is such a name or version
        """
        if not _NAME.fullmatch(self.service):
            raise InputError(
                f"{self.service!r} can't be the name of a service: at most 50 small letters, digits and hyphens, the "
                "first a letter, the last no hyphen"
            )
        if self.version and not _VERSION.fullmatch(self.version):
            raise InputError(
                f"{self.version!r} can't be the version of an image: at most 128 letters, digits, dots, hyphens and "
                "underscores, the first no dot or hyphen"
            )
        if self.source == self.service:
            raise InputError(f"{self.service} can't be made from itself; give it another name")
