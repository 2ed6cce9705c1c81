"""The texts of a kept catalog, in which a few entities are replaced without reading the others.

What is replaced must be there, exactly once and as this code writes it: so whoever knows what an entity was proves that
the catalog was made as he thinks.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

from scenedock.catalog.emitting.feed import ComponentLine, file_of
from scenedock.catalog.emitting.service_links import BOARD_REF, ServiceLinks, with_service_links
from scenedock.catalog.vocabulary.validation import problems_of
from scenedock.documents.reading import BACKSTAGE, DocumentError, read_documents
from scenedock.documents.writing import write_documents
from scenedock.model.entity import Entity
from scenedock.model.finding import Finding, Place
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.usecases.catalog.export_catalog import in_order_of_severity

_BETWEEN = json.dumps("---\n")[1:-1]
_OF_THE_WHOLE = frozenset({"refused-entity", "board-name-taken"})
"""Findings that stand apart from the sorted ones."""


@dataclass(slots=True)
class RecordEdit:
    """A kept catalog in which entities are replaced; `files` are those of the feed that have changed.

    `links` are those of the feed.
    """

    kept: KeptCatalog
    links: ServiceLinks
    files: set[str] = field(default_factory=set)

    def replace(self, service: str, before: Entity, now: Entity) -> bool:
        """Replace an entity of a service by another of its reference; False where that can't be done here."""
        old, new = _remembered(before), _remembered(now)
        if old == new:
            return self.kept.memory.count(old) == 1
        shown = self._shown(service, before), self._shown(service, now)
        if before.ref == BOARD_REF or problems_of(shown[1].document) or self.kept.memory.count(old) != 1:
            return False
        if not self._replace_document(*shown):
            return False
        lines = [json.dumps(asdict(ComponentLine.of(each))) for each in shown if each.kind == "Component"]
        if lines and lines[0] != lines[1]:
            if self.kept.feed.count(lines[0]) != 1:
                return False
            self._set_feed(self.kept.feed.replace(lines[0], lines[1]))
        self.kept = replace(self.kept, memory=self.kept.memory.replace(old, new))
        return True

    def replace_findings(self, before: Sequence[Finding], now: Sequence[Finding]) -> bool:
        """Replace what was found; False where that isn't there, or its place among the others isn't certain."""
        if Counter(before) == Counter(now):
            return True
        feed = json.loads(self.kept.feed)
        there = [Finding(**{**each, "place": Place(**each["place"])}) for each in feed["findings"]]
        if any(each.code in _OF_THE_WHOLE for each in there) or Counter(before) - Counter(there):
            return False
        for each in before:
            there.remove(each)
        all_now = in_order_of_severity([*there, *now])
        texts = Counter(map(_rank, all_now))
        if len(texts) != len(set(all_now)) or in_order_of_severity(there) != tuple(there):
            return False
        feed["findings"] = [asdict(each) for each in all_now]
        self._set_feed(json.dumps(feed))
        return True

    def _shown(self, service: str, entity: Entity) -> Entity:
        """The entity as the feed has it."""
        services = {entity.ref: service} if entity.kind == "Component" else {}
        return with_service_links([entity], services, self.links)[0][0]

    def _replace_document(self, before: Entity, now: Entity) -> bool:
        """Replace its document in its file, which is a text in the feed's text."""
        text = write_documents([now.document])
        try:
            if len(list(read_documents(text.encode(), meaning=BACKSTAGE))) != 1:
                return False
        except DocumentError:
            return False
        feed, old, new = self.kept.feed, _inside(write_documents([before.document])), _inside(text)
        begin = feed.find(old)
        end = begin + len(old)
        if begin < 0 or feed.find(old, begin + 1) >= 0:
            return False
        starts = feed.endswith(_BETWEEN, 0, begin) or feed.endswith(f'"{file_of(before.ref)}": "', 0, begin)
        if not starts or not (feed.startswith(_BETWEEN, end) or feed.startswith('"', end)):
            return False
        self._set_feed(feed[:begin] + new + feed[end:])
        self.files.add(file_of(before.ref))
        return True

    def _set_feed(self, feed: str) -> None:
        self.kept = replace(self.kept, feed=feed)


def _remembered(entity: Entity) -> str:
    return json.dumps([entity.document, entity.place.repository, entity.place.path])


def _inside(text: str) -> str:
    """A text as it is inside a longer text in JSON."""
    return json.dumps(text)[1:-1]


def _rank(finding: Finding) -> tuple[str, ...]:
    return finding.severity, finding.code, str(finding.place.sort_key), finding.message
