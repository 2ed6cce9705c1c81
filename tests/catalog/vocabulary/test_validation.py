"""Every problem of an entity is named at once, with its path and what to do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenedock.catalog.vocabulary.formats import FORMATS
from scenedock.catalog.vocabulary.validation import problems_of, unknown_kind, unreadable_references

NAME_RULE = "must be 1 to 63 characters of [a-zA-Z0-9-_.], starting and ending with a letter or digit"


def component(metadata: Any = None, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": "billing"} | (metadata or {}),
        "spec": {"type": "service", "lifecycle": "production", "owner": "payments"} | spec,
    }


def messages(entity: dict[str, Any]) -> list[str]:
    return sorted(map(str, problems_of(entity)))


def test_all_problems_are_found_at_once() -> None:
    metadata = {
        "name": "Foo Bar",
        "labels": {"tier": None, "two words": "x"},
        "tags": ["java", "Java"],
        "links": [{"title": " "}, {"url": "docs"}],
    }

    assert messages(component(metadata, owner="", dependsOn="component:ledger", type=5) | {"tags": []}) == [
        f"metadata.labels.'two words': 'two words' {FORMATS['label-key'].rule}",
        "metadata.labels.tier: must be a string, not null",
        "metadata.links[0].title: ' ' must not be empty or only white space",
        "metadata.links[0].url: is missing",
        "metadata.links[1].url: 'docs' must be an absolute URL, such as https://example.com/docs",
        f"metadata.name: 'Foo Bar' {NAME_RULE}",
        "metadata.tags[1]: 'Java' must be 1 to 63 characters of [a-z0-9:+#], with single hyphens inside",
        "spec.dependsOn: must be a list, not 'component:ledger'",
        "spec.owner: must not be empty",
        "spec.type: must be a string, not a number; put it in quotes",
        "tags: is not a field of an entity, which has apiVersion, kind, metadata and spec; check the indentation",
    ]


def test_an_entity_without_problems_has_none() -> None:
    assert problems_of(component()) == ()


@pytest.mark.parametrize("field", ["labels", "annotations"])
def test_a_part_of_a_prefix_longer_than_63_characters_is_refused(field: str) -> None:
    part = "-".join(["a" * 30] * 3)

    assert messages(component({"name": "a", field: {f"{part[:63]}.example/x": "y"}})) == []
    assert len(messages(component({"name": "a", field: {f"{part}.example/x": "y"}}))) == 1


def test_what_is_missing_has_the_path_that_it_would_have() -> None:
    assert [problem.path for problem in problems_of({"apiVersion": "a/v1", "kind": "B", "metadata": {}})] == [
        ("metadata", "name")
    ]
    assert {problem.path for problem in problems_of({})} == {("apiVersion",), ("kind",), ("metadata",)}


@pytest.mark.parametrize(
    ("entity", "message"),
    [
        (component(system=True), "spec.system: must be a string, not true; put it in quotes"),
        (component(system=2.5), "spec.system: must be a string, not a number; put it in quotes"),
        (component(system={}), "spec.system: must be a string, not an object"),
        (component(system=[]), "spec.system: must be a string, not a list"),
        (component({"labels": "tier"}), "metadata.labels: must be an object, not 'tier'"),
        (component() | {"spec": []}, "spec: must be an object, not a list"),
        (component({"name": "x" * 1000}), f"metadata.name: '{'x' * 80}…' {NAME_RULE}"),
        (component() | {"status": {}}, "status: is set by the catalog and must not be in a file"),
        (
            component() | {"kind": "Location", "spec": {"presence": "maybe"}},
            "spec.presence: must be required or optional, not 'maybe'",
        ),
        (
            {
                "apiVersion": "scaffolder.backstage.io/v1beta3",
                "kind": "Template",
                "metadata": {"name": "new"},
                "spec": {"type": "service", "steps": [{"action": "a", "if": 1}]},
            },
            "spec.steps[0].if: must be a string or true or false, not a number; put it in quotes",
        ),
    ],
)
def test_a_problem_says_what_is_wanted_and_what_was_found(entity: dict[str, Any], message: str) -> None:
    assert messages(entity) == [message]


def test_half_a_surrogate_pair_is_no_reason_to_stop() -> None:
    assert problems_of(component({"\ud800": ["\ud800"]})) == ()
    assert messages(component({"name": "\ud800"}, **{"\ud800": 1})) == [f"metadata.name: '\ufffd' {NAME_RULE}"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
)


@given(st.dictionaries(st.sampled_from(["apiVersion", "kind", "metadata", "spec", "x"]), JSON))
def test_any_object_is_validated(entity: dict[str, Any]) -> None:
    assert all(str(problem) for problem in problems_of(entity))
    assert unknown_kind(entity).isprintable()
    assert unreadable_references(entity) == ()


@pytest.mark.parametrize(
    ("version", "kind", "hint"),
    [
        ("backstage.io/v1alpha1", "component", "; did you mean Component?"),
        ("backstage.io/v1alpha1", "Componnet", "; did you mean Component?"),
        ("backstage.io/v1", "User", "; User is supported in backstage.io/v1alpha1 and backstage.io/v1beta1"),
        ("backstage.io/v1beta2", "Template", "; Template is supported in scaffolder.backstage.io/v1beta3"),
        ("example.com/v1", "Widget", ""),
    ],
)
def test_an_unknown_kind_is_noted(version: str, kind: str, hint: str) -> None:
    assert unknown_kind({"apiVersion": version, "kind": kind}) == (
        f"Backstage's own validators don't support '{kind}' of '{version}', so only the envelope was validated{hint}"
    )


def test_a_known_kind_needs_no_note() -> None:
    assert unknown_kind(component()) == ""


def test_references_that_the_catalog_cannot_link_are_told() -> None:
    doubtful = component(owner=":", dependsOn=["ledger", "component:ledger"], dependencyOf=[""])

    assert problems_of(doubtful) == ()
    assert [str(problem).partition(";")[0] for problem in unreadable_references(doubtful)] == [
        "spec.owner: ':' is not a reference of the form [kind:][namespace/]name",
        "spec.dependsOn[0]: 'ledger' must name its kind, as in component:ledger",
        "spec.dependencyOf[0]: '' is not a reference of the form [kind:][namespace/]name",
    ]
