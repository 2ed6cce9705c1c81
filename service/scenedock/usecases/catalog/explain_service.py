"""Explain one service: why its entity is what it is, with the line of each file that proves it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping

from scenedock.catalog.explaining.explanation import explain_service as facts_of
from scenedock.catalog.explaining.facts import Fact
from scenedock.catalog.mapping.entities import MappedService
from scenedock.catalog.mapping.services import DeployedService
from scenedock.catalog.reading.app_lists import items_in
from scenedock.catalog.reading.values import keys_of_sign
from scenedock.catalog.vocabulary.evidence import Evidence
from scenedock.documents.encryption import encryption_of
from scenedock.documents.reading import Document, read_documents
from scenedock.effects.git.repositories import Repository, ServedRepository
from scenedock.errors import InputError, NotFoundError
from scenedock.model.file_paths import folders_above
from scenedock.model.finding import Finding, Place
from scenedock.model.json import as_object
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.model.similar import similar
from scenedock.structs import dataclass
from scenedock.usecases.catalog.export_catalog import Export
from scenedock.usecases.catalog.read_served import export_served


@dataclass(frozen=True, slots=True)
class Proof:
    """One piece of evidence at its place; `reason` says why it was not used, and is empty if it was."""

    value: str
    said: str
    place: Place
    reason: str = ""


_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class ExplainedFact:
    """A fact with its proofs, those that were used in front."""

    name: str
    value: str
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A service, all that the catalog says of it, and the findings about its files."""

    ref: str
    place: Place
    facts: tuple[ExplainedFact, ...]
    findings: tuple[Finding, ...]


def explain_service(result: Export, repositories: Mapping[str, Repository], name: str) -> Explanation:
    """Explain the service of a name, of an entity reference or in a folder, as an export has it.

    Raises
    ------
    NotFoundError   there is no such service
    """
    if result.mapped is None:
        raise NotFoundError("the repositories were only read, not mapped")
    each = _find(result, name)
    member = each.service.members[0]
    lines = EvidenceLines({repository: folder.read for repository, folder in repositories.items()})
    facts = tuple(lines.explained(fact) for fact in facts_of(result.mapped, each))
    folders = _folders(each.service)
    findings = tuple(
        finding
        for finding in result.findings
        if any((finding.place.repository, path) in folders for path in folders_above(f"{finding.place.path}/"))
    )
    return Explanation(each.main.ref.short, Place(member.contents.facts.name, member.path or "."), facts, findings)


def explain_served(
    repositories: Mapping[str, ServedRepository], kept: KeptCatalog | None, name: str
) -> Explanation | str:
    """Explain a service of the repositories as they are now, under its name in a `kept` catalog.

    It is a message where there is none of the name.

    Raises
    ------
    InputError   no repository can be read
    """
    with export_served(repositories, kept) as (result, opened):
        try:
            return explain_service(result, opened, name)
        except NotFoundError as error:
            return "; ".join([str(error), *result.read.problems.values()])


def _find(result: Export, name: str) -> MappedService:
    services = result.mapped.services if result.mapped else ()
    wanted = name.rstrip("/")
    for each in services:
        names = {each.service.name, each.main.name, each.main.ref.short, str(each.main.ref)}
        if wanted in names | {path for _, path in _folders(each.service)}:
            return each
    for skip in result.skipped:
        if wanted in {skip.place.path, posixpath.basename(skip.place.path)}:
            raise NotFoundError(f"{skip.place} is not a service: {skip.reason}")
    known = sorted(each.service.name for each in services)
    more = " …" if len(known) > _MOST_NAMED else ""
    there = f"; services are: {', '.join(known[:_MOST_NAMED]) or 'none'}{more} (`scenedock catalog export` lists them)"
    raise NotFoundError(f"there is no service {name!r}{similar(wanted, known) or there}")


def _folders(service: DeployedService) -> set[tuple[str, str]]:
    """The folders of a service, by repository and path; without the root."""
    return {
        (member.contents.facts.name, path)
        for member in service.members
        for path in (member.path, *(folder.path for folder in member.folders))
        if path
    }


@dataclass(frozen=True, slots=True)
class EvidenceLines:
    """Finds the lines of evidence; `read` gives the bytes of a file, by repository."""

    read: Mapping[str, Callable[[str], bytes]]

    def explained(self, fact: Fact) -> ExplainedFact:
        """The fact with the places of its evidence."""
        used = (Proof(each.value, each.said, self.place_of(each)) for each in fact.used)
        unused = (
            Proof(each.evidence.value, each.evidence.said, self.place_of(each.evidence), each.reason)
            for each in fact.unused
        )
        return ExplainedFact(fact.name, fact.value, (*used, *unused))

    def place_of(self, evidence: Evidence) -> Place:
        """Where evidence is: the first of its files that has it."""
        for path in evidence.files:
            if (line := self._line(evidence, path)) is not None:
                return Place(evidence.repository, path, line)
        return Place(evidence.repository, next(iter(evidence.files), ""), evidence.line)

    def _line(self, evidence: Evidence, path: str) -> int | None:
        if not (evidence.keys or evidence.pattern or evidence.sign):
            return None
        try:
            data = self.read[evidence.repository](path)
            if evidence.pattern:
                text = data.decode("utf-8", "replace")
                found = re.search(evidence.pattern, text, re.MULTILINE)
                return text.count("\n", 0, found.end()) + 1 if found else None
            documents = () if encryption_of(data) else read_documents(data)
        except (InputError, KeyError):
            return None
        here = [document for document in documents if document.line <= (evidence.line or document.line)]
        return _line_in(here[-1] if evidence.line else here[0], evidence) if here else None


def _line_in(document: Document, evidence: Evidence) -> int | None:
    if not evidence.sign:
        return document.line_of(evidence.keys)
    at, values = (evidence.item and items_in(document.value).get(evidence.item)) or ((), document.value)
    keys = keys_of_sign(as_object(values), evidence.sign)
    return document.line_of((*at, *keys)) if keys else None
