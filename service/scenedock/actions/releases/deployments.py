"""The JSON form of deployments in actions, at the command line and over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from scenedock.model.json_documents import JsonDocument
from scenedock.releases.listing import Behind
from scenedock.releases.release import Release
from scenedock.usecases.releases.list_deployments import Deployments
from scenedock.usecases.releases.rendered import Compared, Verdict


class BehindOutput(JsonDocument):
    """The environment of the same service that is furthest."""

    environment: str
    version: str

    @classmethod
    def of(cls, behind: Behind) -> BehindOutput:
        """The document of it."""
        return cls(environment=behind.environment, version=behind.version)


class DeploymentOutput(JsonDocument):
    """A service in an environment, as git has it: whether it runs, only a cluster knows."""

    service: str
    environment: Annotated[str | None, "Null where nothing names an environment"]
    version: Annotated[str | None, "The version that git says; null with a `reason`"]
    reason: Annotated[str | None, "Why there is no version"]
    image: Annotated[str | None, "Repository of the image"]
    chart: Annotated[str | None, "Name of the chart from elsewhere whose version it is"]
    shape: Annotated[str | None, "How the version is set: `image.tag`, `appVersion`, `tag file` …"]
    repository: Annotated[str, "Name of the repository"]
    file: Annotated[str | None, "File that sets it, relative to the repository's root"]
    line: Annotated[int | None, "The line with the version, counted from 1"]
    inherited: Annotated[bool, "Whether the line isn't in a file of that environment alone"]
    shared_with: Annotated[tuple[str, ...], "What else the line serves, as `service/environment`"]
    rendered: Annotated[bool, "Whether only rendering could tell which of several images is its own"]
    behind: Annotated[BehindOutput | None, "The furthest environment; null unless that has a newer semantic version"]

    @classmethod
    def of(cls, release: Release, behind: Behind | None) -> DeploymentOutput:
        """The document of a release."""
        return cls(
            service=release.service,
            environment=release.environment,
            version=release.version,
            reason=release.reason or None,
            image=release.image or None,
            chart=release.chart or None,
            shape=release.shape or None,
            repository=release.repository,
            file=release.path or None,
            line=release.line,
            inherited=release.inherited,
            shared_with=release.shared_with,
            rendered=release.rendered,
            behind=BehindOutput.of(behind) if behind else None,
        )


class ComparedOutput(JsonDocument):
    """A version beside what Helm renders."""

    service: str
    environment: str | None
    repository: str
    version: str | None
    verdict: Annotated[Verdict, "Whether an image that is rendered has the version"]
    images: Annotated[tuple[str, ...], "All images that are rendered"]
    reason: Annotated[str | None, "Why it can't be rendered or compared"]

    @classmethod
    def of(cls, compared: Compared) -> ComparedOutput:
        """The document of it."""
        release = compared.release
        return cls(
            service=release.service,
            environment=release.environment,
            repository=release.repository,
            version=release.version,
            verdict=compared.verdict,
            images=compared.images,
            reason=compared.reason or None,
        )


class DeploymentList(JsonDocument):
    """Services in environments, with the versions that git says."""

    deployments: Annotated[tuple[DeploymentOutput, ...], "By service, environment and repository"]
    problems: Annotated[Mapping[str, str], "Why a repository can't be read, whose deployments are missing; by its name"]

    @classmethod
    def of(cls, deployments: Deployments) -> DeploymentList:
        """The document of deployments."""
        return cls(
            deployments=tuple(
                DeploymentOutput.of(release, deployments.behind.get(release.pair)) for release in deployments.releases
            ),
            problems=deployments.problems,
        )
