"""The board finds services by an index and keeps its rows: what is shown is what a look at each service would show."""

from __future__ import annotations

import gzip
from random import Random
from typing import Any, cast

from werkzeug.datastructures import MultiDict

from scenedock.doors.http.rendering.prepared import PLACE, Prepared
from scenedock.doors.http.rendering.service_lines import FACETS, Filter, ServiceLine, line_index, lines_of
from scenedock.model.entity import Entity
from scenedock.model.finding import Place
from scenedock.releases.drift import Cell, Row
from scenedock.usecases.releases.overview import Overview, ServedService

WORDS = ("shop", "Shop Front", "über", "a\nb", "front", "pay", "ß", "sho")


def overview_of(chance: Random, count: int) -> Overview:
    """Services with the words and values that chance gives them."""

    def served(number: int) -> ServedService:
        said = " ".join(chance.choices(WORDS, k=3))
        metadata = {"name": f"service-{number}", "description": said, "tags": chance.choices(WORDS, k=2)}
        spec = {"type": chance.choice(("service", "job")), "owner": chance.choice(("group:default/a", "user:b", ""))}
        entity = Entity({"kind": "Component", "metadata": metadata, "spec": spec}, Place("apps"))
        return ServedService(f"service-{number}", (entity,), (("apps", "x"),), {})

    services = tuple(map(served, range(count)))
    cell = cast("Any", Cell((), "same"))
    rows = tuple(Row(each.name, {name: cell for name in ("qa", "prod") if chance.random() < 0.5}) for each in services)
    return Overview(services, cast("Any", None), rows, ("qa", "prod"), {}, ())


def said_of(overview: Overview, line: ServiceLine) -> str:
    (main,) = (each.main for each in overview.services if each.name == line.name)
    tags = cast("list[str]", main.metadata["tags"])
    return " ".join((line.name, main.name, line.title, line.description, line.owner, line.system, *tags)).lower()


def test_who_is_looked_for_is_found() -> None:
    chance = Random(5)  # noqa: S311 - nothing secret
    found = 0
    for _ in range(60):
        overview = overview_of(chance, chance.randrange(1, 20))
        words = " ".join(chance.choices((*WORDS, "service-1", "1 shop", "b shop", "nothing"), k=chance.randrange(3)))
        values = {"owner": "a", "type": "job", "environment": "qa", "repository": "apps", "system": "none"}
        asked = [(name, values[name]) for name in FACETS if chance.random() < 0.2]
        looked_for = Filter.of(MultiDict([("q", words), *asked]))
        if looked_for.is_empty:
            continue
        expected = {
            line.name
            for line in lines_of(overview).values()
            if all(word in said_of(overview, line) for word in words.lower().split())
            and all(value in line.values(facet) for facet, value in asked)
        }
        assert line_index(overview).matching(looked_for) == expected
        found += len(expected)
    assert found > 50


def test_a_part_that_was_compressed_before_stands_in_a_compressed_page() -> None:
    part = Prepared.of("<tr>é" * 1_000)
    page = f"<table>{PLACE}</table>"

    assert gzip.decompress(part.gzipped_between(page)) == part.between(page)
    assert part.between(page).decode() == f"<table>{'<tr>é' * 1_000}</table>"
