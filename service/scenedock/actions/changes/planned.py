"""The JSON form of a planned change of versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from scenedock.model.json_documents import JsonDocument

if TYPE_CHECKING:
    from scenedock.changes.planned import Planned, PlannedFile, Refusal, VersionChange


class VersionChangeOutput(JsonDocument):
    """A deployment that gets another version."""

    service: str
    environment: Annotated[str | None, "Null where nothing names an environment"]
    repository: str
    old: Annotated[str, "The version of now"]
    new: Annotated[str, "The version that it gets"]
    step: Annotated[
        str,
        "What Semantic Versioning says: `breaking`, `breaking pre-release`, `feature`, `fix`, `pre-release`, "
        "`release`, `downgrade`, `unknown`",
    ]
    place: Annotated[str, "The line that is edited, or the file where one is inserted"]
    asked: Annotated[bool, "Whether it was asked for; else it shares the line"]
    inserted: Annotated[bool, "Whether the line is new"]

    @classmethod
    def of(cls, change: VersionChange) -> VersionChangeOutput:
        """The document of it."""
        repository, service, environment = change.key
        return cls(
            service=service,
            environment=environment,
            repository=repository,
            old=change.old,
            new=change.new,
            step=change.step,
            place=str(change.place),
            asked=change.asked,
            inserted=change.inserted,
        )


class RefusalOutput(JsonDocument):
    """What speaks against the change."""

    code: Annotated[str, "Stable identifier of this kind of refusal"]
    deployment: Annotated[str, "What it is about, as `service/environment`"]
    message: str
    place: Annotated[str | None, "The line that it is about"]
    remedy: Annotated[str, "What to do"]
    liftable: Annotated[bool, "Whether an input of its own lifts it"]

    @classmethod
    def of(cls, refusal: Refusal) -> RefusalOutput:
        """The document of it."""
        return cls(
            code=refusal.code,
            deployment=refusal.pair,
            message=refusal.message,
            place=str(refusal.place) or None,
            remedy=refusal.remedy,
            liftable=refusal.is_liftable,
        )


class PlannedLineOutput(JsonDocument):
    """A line that changes."""

    line: Annotated[int, "Its number then; of one that goes, that of the line before it"]
    old: Annotated[str | None, "What is there; null where the line is new"]
    new: Annotated[str | None, "What will be there; null where the line goes"]


class PlannedFileOutput(JsonDocument):
    """A file that changes."""

    repository: str
    path: str
    lines: tuple[PlannedLineOutput, ...]

    @classmethod
    def of(cls, file: PlannedFile) -> PlannedFileOutput:
        """The document of it."""
        lines = tuple(PlannedLineOutput(line=each.number, old=each.old, new=each.new) for each in file.lines)
        return cls(repository=file.repository, path=file.path, lines=lines)


class PlannedOutput(JsonDocument):
    """A change of versions as it is planned."""

    changes: tuple[VersionChangeOutput, ...]
    files: tuple[PlannedFileOutput, ...]
    refusals: Annotated[tuple[RefusalOutput, ...], "What speaks against it; with any, it isn't made"]
    lifted: Annotated[tuple[RefusalOutput, ...], "What would speak against it, but is allowed by whoever asks"]
    notes: tuple[str, ...]
    title: str
    body: Annotated[str, "The text of a pull request, in Markdown"]

    @classmethod
    def of(cls, planned: Planned) -> PlannedOutput:
        """The document of it."""
        return cls(
            changes=tuple(map(VersionChangeOutput.of, planned.changes)),
            files=tuple(map(PlannedFileOutput.of, planned.files)),
            refusals=tuple(map(RefusalOutput.of, planned.refusals)),
            lifted=tuple(map(RefusalOutput.of, planned.lifted)),
            notes=planned.notes,
            title=planned.title,
            body=planned.body,
        )
