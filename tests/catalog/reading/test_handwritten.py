"""A person's catalog-info.yaml and ours become one."""

from __future__ import annotations

from typing import Any

import pytest

from scenedock.catalog.mapping.merging import combine, merge_handwritten
from scenedock.catalog.reading.handwritten import MARKER_LINE, is_ours, read_handwritten
from scenedock.model.entity import Entity, build_entity
from scenedock.model.finding import Place
from scenedock.model.json import Json, JsonObject, as_object

PLACE = Place("repo", "billing/catalog-info.yaml")
SPEC: dict[str, Json] = {"type": "service", "lifecycle": "production", "owner": "unknown"}


def component(name: str, metadata: JsonObject | None = None, **spec: Json) -> Entity:
    return build_entity("Component", name, metadata or {}, {**SPEC, **spec}, PLACE)


def read(text: str, **files: bytes) -> tuple[list[dict[str, Any]], list[str]]:
    entities, findings = read_handwritten(text.encode(), PLACE, lambda name: files.get(name.partition(".")[0]))
    return [dict(entity.document) for entity in entities], [finding.message for finding in findings]


def merged(ours: Entity, theirs: Entity) -> JsonObject:
    return merge_handwritten(ours.document, theirs.document, ours.name)


@pytest.mark.parametrize(
    ("data", "ours"), [(MARKER_LINE, True), ("\ufeff" + MARKER_LINE, True), ("# Mine", False), ("", False)]
)
def test_the_marker_makes_a_file_ours(data: str, *, ours: bool) -> None:
    assert is_ours(data.encode()) is ours


def test_scalars_are_theirs_and_the_rest_of_ours_stays() -> None:
    result = merged(component("billing", {"description": "ours"}), component("billing", {"title": "T"}, owner="money"))
    assert as_object(result["spec"])["owner"] == "money"
    assert list(as_object(result["metadata"])) == ["name", "title", "description"]


def test_annotations_are_theirs_by_key() -> None:
    ours = component("a", {"annotations": {"both": "ours", "mine": "ours"}})
    theirs = component("a", {"annotations": {"both": "theirs", "zz": "theirs"}})
    assert as_object(merged(ours, theirs)["metadata"])["annotations"] == {
        "both": "theirs",
        "mine": "ours",
        "zz": "theirs",
    }


def test_a_selector_of_theirs_replaces_a_name_of_ours() -> None:
    ours = component("a", {"annotations": {"argocd/app-name": "a"}})
    theirs = component("a", {"annotations": {"argocd/app-selector": "team=a"}})
    assert as_object(merged(ours, theirs)["metadata"])["annotations"] == {"argocd/app-selector": "team=a"}


def test_tags_links_and_relations_are_united() -> None:
    link: Json = {"url": "https://a.test"}
    ours = component("a", {"tags": ["x", "b"], "links": [link]}, dependsOn=["component:b"])
    theirs = component("a", {"tags": ["a", "x"], "links": [link, {"url": "https://b.test"}]}, dependsOn=["component:c"])
    result = merged(ours, theirs)
    assert as_object(result["metadata"])["tags"] == ["a", "b", "x"]
    assert as_object(result["metadata"])["links"] == [link, {"url": "https://b.test"}]
    assert as_object(result["spec"])["dependsOn"] == ["component:b", "component:c"]


def test_a_single_component_of_another_name_is_the_folders() -> None:
    (result,), findings = combine([component("billing", {"description": "ours"})], [component("invoices")])
    assert (result.name, result.metadata["description"], findings) == ("invoices", "ours", [])


def test_of_several_components_the_one_of_our_name_is_merged_and_others_pass() -> None:
    result, _ = combine([component("billing")], [component("worker"), component("billing", {"title": "B"})])
    assert [(entity.name, entity.metadata.get("title")) for entity in result] == [("billing", "B"), ("worker", None)]


def test_what_backstage_would_refuse_is_left_out_with_a_finding() -> None:
    result, findings = combine([component("billing")], [component("billing", {"tags": ["Not A Tag"]})])
    assert "tags" not in result[0].metadata
    assert [(finding.severity, finding.code) for finding in findings] == [("error", "handwritten-invalid")]


API = "kind: API\nmetadata: {name: a}\nspec:\n  definition: {%s: ./%s}\n"


@pytest.mark.parametrize(
    ("resolver", "content", "definition"),
    [
        ("$text", b"\xef\xbb\xbfa: 1\n", "a: 1\n"),
        ("$openapi", b"a: 1\n", "a: 1\n"),
        ("$yaml", b"a: 1\n", {"a": 1}),
        ("$json", b'{"a": [1]}', {"a": [1]}),
    ],
)
def test_files_in_the_folder_are_put_in(resolver: str, content: bytes, definition: Json) -> None:
    (entity,), _ = read(API % (resolver, "api.yaml"), api=content)
    assert entity["spec"] == {"definition": definition}


def test_what_stands_at_a_url_stays_there() -> None:
    (entity,), findings = read("kind: API\nmetadata: {name: a}\nspec: {definition: {$text: 'https://a.test/b'}}\n")
    assert (entity["spec"], findings) == ({"definition": {"$text": "https://a.test/b"}}, [])


@pytest.mark.parametrize(
    "text",
    [
        API % ("$text", "../elsewhere.yaml"),
        API % ("$text", "missing.yaml"),
        API % ("$text", "api.bin"),
        API % ("$yaml", "broken.yaml"),
        "just: notes",
        "kind: API",
        "'",
    ],
)
def test_a_mistake_is_a_finding_and_costs_its_entity(text: str) -> None:
    entities, findings = read(text, api=b"\xff", broken=b"[")
    assert (entities, len(findings)) == ([], 1)
