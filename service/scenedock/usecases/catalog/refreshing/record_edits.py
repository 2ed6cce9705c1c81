"""The data of a kept catalog, in which a few entities are replaced without reading the others.

What is replaced must be there, exactly once and as this code writes it: so whoever knows what an entity was proves that
the catalog was made as he thinks.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Final, TypeAlias

from msgspec import to_builtins

from scenedock.catalog.emitting.feed import ComponentLine, FeedEdit, file_of
from scenedock.catalog.emitting.service_links import BOARD_REF, ServiceLinks, with_service_links
from scenedock.catalog.vocabulary.validation import problems_of
from scenedock.documents.reading import BACKSTAGE, DocumentError, read_documents
from scenedock.documents.writing import write_documents
from scenedock.model.entity import Entity
from scenedock.model.finding import Finding, Place
from scenedock.model.kept_catalog import KeptCatalog, KeptEdit
from scenedock.structs import dataclass, field
from scenedock.usecases.catalog.export_catalog import in_order_of_severity
from scenedock.usecases.catalog.watching import CatalogEdit

_Span: TypeAlias = tuple[int, int]

_BETWEEN: Final = json.dumps("---\n")[1:-1].encode()
_OF_THE_WHOLE: Final = frozenset({"refused-entity", "board-name-taken"})
"""Findings that stand apart from the sorted ones."""
_FINDINGS: Final = b'}, "findings": ['
_COMPONENTS: Final = b'], "components": ['
"""Where parts of a feed begin: inside of a text in JSON, such quotes have a backslash."""


@dataclass(slots=True)
class RecordEdit:
    """The edit of a kept catalog's data; `files` are those of the feed that change. `links` are those of the feed."""

    data: bytes
    links: ServiceLinks
    files: set[str] = field(default_factory=set)
    _pieces: dict[_Span, bytes] = field(default_factory=dict)
    _documents: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    _components: list[tuple[ComponentLine, ComponentLine]] = field(default_factory=list)
    _findings: tuple[Finding, ...] | None = None
    _feed: _Span = (0, 0)
    _memory: _Span = (0, 0)

    def __post_init__(self) -> None:
        begin = self.data.find(b"\n") + 1
        end = self.data.find(b"\n", begin)
        self._feed, self._memory = (begin, end), (end + 1, len(self.data) - 1)

    @property
    def edit(self) -> CatalogEdit:
        """What has been replaced."""
        pieces = tuple((begin, end, new) for (begin, end), new in sorted(self._pieces.items()))
        feed = FeedEdit(tuple(self._documents), tuple(self._components), self._findings)
        return CatalogEdit(KeptEdit.of(self.data, pieces), feed)

    @property
    def remembered(self) -> KeptCatalog:
        """The head and the memory as they were."""
        begin, end = self._memory
        return KeptCatalog(self.data[: self._feed[0] - 1].decode(), "", self.data[begin:end].decode())

    def replace(self, service: str, before: Entity, now: Entity) -> bool:
        """Replace an entity of a service by another of its reference; False where that can't be done here."""
        old, new = _remembered(before), _remembered(now)
        at = self._only(old, self._memory)
        if at is None or old == new:
            return at is not None
        shown = self._shown(service, before), self._shown(service, now)
        if before.ref == BOARD_REF or problems_of(shown[1].document):
            return False
        if not self._replace_document(*shown) or not self._replace_line(*shown):
            return False
        self._pieces[at] = new
        return True

    def replace_findings(self, before: Sequence[Finding], now: Sequence[Finding]) -> bool:
        """Replace what was found; False where that isn't there, or its place among the others isn't certain."""
        if Counter(before) == Counter(now):
            return True
        begin, end = self.data.find(_FINDINGS, *self._feed), self.data.find(_COMPONENTS, *self._feed)
        if begin < 0 or end < 0:
            return False
        begin, end = begin + len(_FINDINGS) - 1, end + 1
        found = json.loads(self.data[begin:end])
        there = [Finding(**{**each, "place": Place(**each["place"])}) for each in found]
        if any(each.code in _OF_THE_WHOLE for each in there) or Counter(before) - Counter(there):
            return False
        for each in before:
            there.remove(each)
        all_now = in_order_of_severity([*there, *now])
        texts = Counter(map(_rank, all_now))
        if len(texts) != len(set(all_now)) or in_order_of_severity(there) != tuple(there):
            return False
        self._findings = tuple(all_now)
        self._pieces[begin, end] = json.dumps([to_builtins(each) for each in all_now]).encode()
        return True

    def _only(self, text: bytes, within: _Span) -> _Span | None:
        """Where a text stands, if it is there exactly once."""
        begin = self.data.find(text, *within)
        if begin < 0 or self.data.find(text, begin + 1, within[1]) >= 0:
            return None
        return begin, begin + len(text)

    def _shown(self, service: str, entity: Entity) -> Entity:
        """The entity as the feed has it."""
        services = {entity.ref: service} if entity.kind == "Component" else {}
        return with_service_links([entity], services, self.links)[0][0]

    def _replace_document(self, before: Entity, now: Entity) -> bool:
        """Replace its document in its file, which is a text in the feed's text."""
        old, new = write_documents([before.document]), write_documents([now.document])
        try:
            if len(list(read_documents(new.encode(), meaning=BACKSTAGE))) != 1:
                return False
        except DocumentError:
            return False
        at = self._only(_inside(old), self._feed)
        if at is None:
            return False
        (begin, end), name = at, file_of(before.ref)
        starts = self.data.endswith(_BETWEEN, 0, begin) or self.data.endswith(f'"{name}": "'.encode(), 0, begin)
        if not starts or not (self.data.startswith(_BETWEEN, end) or self.data.startswith(b'"', end)):
            return False
        if old != new:
            self._pieces[at] = _inside(new)
            self._documents.append((name, old.encode(), new.encode()))
            self.files.add(name)
        return True

    def _replace_line(self, before: Entity, now: Entity) -> bool:
        """Replace the line of a Component for people."""
        if before.kind != "Component":
            return True
        old, new = ComponentLine.of(before), ComponentLine.of(now)
        if old == new:
            return True
        begin = self.data.find(_COMPONENTS, *self._feed)
        at = self._only(json.dumps(to_builtins(old)).encode(), (begin, self._feed[1]))
        if begin < 0 or at is None:
            return False
        self._pieces[at] = json.dumps(to_builtins(new)).encode()
        self._components.append((old, new))
        return True


def _remembered(entity: Entity) -> bytes:
    return json.dumps([entity.document, entity.place.repository, entity.place.path]).encode()


def _inside(text: str) -> bytes:
    """A text as it is inside a longer text in JSON."""
    return json.dumps(text)[1:-1].encode()


def _rank(finding: Finding) -> tuple[str, ...]:
    return finding.severity, finding.code, str(finding.place.sort_key), finding.message
