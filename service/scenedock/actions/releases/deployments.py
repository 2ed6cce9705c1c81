"""The JSON form of deployments in actions, at the command line and over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

from scenedock.model.finding import Finding, Severity
from scenedock.model.json_documents import JsonDocument
from scenedock.releases.vocabulary import Unit, Verdict

if TYPE_CHECKING:
    from scenedock.releases.history import VersionHistory, VersionSince
    from scenedock.releases.listing import Behind, ReadState
    from scenedock.releases.release import Release
    from scenedock.usecases.releases.list_deployments import Deployments
    from scenedock.usecases.releases.rendered import Compared


class BehindOutput(JsonDocument):
    """The environment of the same service that is furthest."""

    environment: str
    version: str

    @classmethod
    def of(cls, behind: Behind) -> BehindOutput:
        """The document of it."""
        return cls(environment=behind.release.environment or "", version=behind.release.version or "")


class BehindByOutput(JsonDocument):
    """How far it is behind."""

    step: Annotated[Unit, "The first part of the versions that differs; `build` for numbered builds (`v737`)"]
    versions: Annotated[int | None, "How many newer ones that environment has had; null where no history tells"]

    @classmethod
    def of(cls, behind: Behind) -> BehindByOutput:
        """The document of it."""
        return cls(step=behind.gap.unit, versions=behind.versions)


class VersionFindingOutput(JsonDocument):
    """Something to look at, at the line that sets the version."""

    severity: Severity
    code: Annotated[str, "Stable identifier of this kind of finding"]
    message: str
    remedy: Annotated[str, "What to do"]

    @classmethod
    def of(cls, finding: Finding) -> VersionFindingOutput:
        """The document of it."""
        return cls(severity=finding.severity, code=finding.code, message=finding.message, remedy=finding.remedy)


class LastGoodOutput(JsonDocument):
    """The state of a repository that is shown because that of now can't be read or fetched."""

    commit: Annotated[str | None, "Its commit; null for a folder"]
    read_at: Annotated[str | None, "When it was read last (ISO 8601), or up to an hour before; null where nobody knows"]
    reason: Annotated[str, "Why there is none of now"]

    @classmethod
    def of(cls, state: ReadState) -> LastGoodOutput:
        """The document of it."""
        return cls(commit=state.commit or None, read_at=state.read_at or None, reason=state.why)


class DeploymentOutput(JsonDocument):
    """A service in an environment, as git has it: whether it runs, only a cluster knows."""

    service: str
    environment: Annotated[str | None, "Null where nothing names an environment"]
    version: Annotated[str | None, "The version that git says; null with a `reason`"]
    reason: Annotated[str | None, "Why there is no version"]
    image: Annotated[str | None, "Repository of the image"]
    chart: Annotated[str | None, "Name of the chart from elsewhere whose version it is"]
    shape: Annotated[str | None, "How the version is set: `image.tag`, `appVersion`, `tag file` …"]
    repository: Annotated[str, "Name of the repository: of the file, if there is one"]
    file: Annotated[str | None, "File that sets it, relative to the repository's root"]
    line: Annotated[int | None, "The line with the version, counted from 1"]
    inherited: Annotated[bool, "Whether the line isn't in a file of that environment alone"]
    shared_with: Annotated[tuple[str, ...], "What else the line serves, as `service/environment`"]
    rendered: Annotated[bool, "Whether only rendering could tell which of several images is its own"]
    behind: Annotated[BehindOutput | None, "The furthest environment; null unless that has a newer version"]
    behind_by: Annotated[BehindByOutput | None, "How far; null unless it is behind"]
    since: Annotated[str | None, "When the version was committed or merged (ISO 8601); null unless history tells"]
    commit: Annotated[str | None, "The commit that did it"]
    author: Annotated[str | None, "The name of who changed it; null if git can't tell, as for merged work of several"]
    since_reason: Annotated[str | None, "Where history was asked for and `since` is null: why"]
    last_good: Annotated[
        LastGoodOutput | None, "The last good state, of which all this is; null where the repository was read just now"
    ]
    findings: Annotated[tuple[VersionFindingOutput, ...], "What to look at"]

    @classmethod
    def of(
        cls,
        release: Release,
        behind: Behind | None,
        history: VersionHistory | None,
        findings: Sequence[Finding],
        last_good: ReadState | None,
    ) -> DeploymentOutput:
        """The document of a release."""
        commit = history.newest.commit if history and history.newest else None
        return cls(
            service=release.service,
            environment=release.environment,
            version=release.version,
            reason=release.reason or None,
            image=release.image or None,
            chart=release.chart or None,
            shape=release.shape or None,
            repository=release.elsewhere or release.repository,
            file=release.path or None,
            line=release.line,
            inherited=release.inherited,
            shared_with=release.shared_with,
            rendered=release.rendered,
            behind=BehindOutput.of(behind) if behind else None,
            behind_by=BehindByOutput.of(behind) if behind else None,
            since=commit.date if commit else None,
            commit=commit.id if commit else None,
            author=(commit.author or None) if commit else None,
            since_reason=(history.why_unknown if history else "") or None,
            last_good=LastGoodOutput.of(last_good) if last_good else None,
            findings=tuple(map(VersionFindingOutput.of, findings)),
        )


class VersionOutput(JsonDocument):
    """A version that a service had in an environment."""

    version: Annotated[str | None, "Null where nothing said one for a while"]
    since: Annotated[str | None, "When it was committed or merged (ISO 8601); null if not yet, or before what is known"]
    commit: Annotated[str | None, "The commit that did it, on the branch's own line: for merged changes, the merge"]
    author: Annotated[str | None, "The name of who changed it; null if git can't tell, as for merged work of several"]
    file: Annotated[str | None, "File that set it, relative to the repository's root"]
    line: Annotated[int | None, "The line with the version then, counted from 1"]
    begins_history: Annotated[bool, "Whether that is the first commit of all: the version may have been there before"]

    @classmethod
    def of(cls, since: VersionSince) -> VersionOutput:
        """The document of a version."""
        commit = since.commit
        return cls(
            version=since.version,
            since=commit.date if commit else None,
            commit=commit.id if commit else None,
            author=(commit.author or None) if commit else None,
            file=since.path or None,
            line=since.line,
            begins_history=since.is_first,
        )


class HistoryOutput(JsonDocument):
    """The versions of a service in an environment of one repository."""

    service: str
    environment: Annotated[str | None, "Null where nothing names an environment"]
    repository: Annotated[str, "Name of the repository"]
    versions: Annotated[tuple[VersionOutput, ...], "The newest first"]
    incomplete: Annotated[str | None, "Why there may be older ones, or an earlier date of the last; null if not"]

    @classmethod
    def of(cls, history: VersionHistory) -> HistoryOutput:
        """The document of a history."""
        return cls(
            service=history.service,
            environment=history.environment,
            repository=history.repository,
            versions=tuple(map(VersionOutput.of, history.versions)),
            incomplete=history.incomplete or None,
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
    problems: Annotated[
        Mapping[str, str],
        "Why a repository can't be read or fetched, by its name: its deployments are missing, or have `lastGood`",
    ]

    @classmethod
    def of(cls, deployments: Deployments) -> DeploymentList:
        """The document of deployments."""
        return cls(
            deployments=tuple(
                DeploymentOutput.of(
                    release,
                    deployments.behind.get(release.key),
                    deployments.histories.get(release.key),
                    deployments.findings.get(release.key, ()),
                    deployments.last_good.get(release.repository),
                )
                for release in deployments.releases
            ),
            problems=deployments.problems,
        )


class HistoryList(JsonDocument):
    """The versions of a service."""

    histories: Annotated[tuple[HistoryOutput, ...], "One for each environment and repository"]
    problems: Annotated[Mapping[str, str], "Why a repository can't be read, whose histories are missing; by its name"]

    @classmethod
    def of(cls, histories: Iterable[VersionHistory], problems: Mapping[str, str]) -> HistoryList:
        """The document of histories."""
        return cls(histories=tuple(map(HistoryOutput.of, histories)), problems=problems)
