"""Files of entities are judged whole, and every finding has its line."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from scenedock.errors import NotFoundError
from scenedock.model.finding import Finding
from scenedock.usecases.catalog.validate_entities import Validation, validate_entities

USER = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: jane}\nspec: {memberOf: []}\n"
BROKEN = """\
# A comment.
apiVersion: backstage.io/v1alpha1
kind: API
metadata:
  name: billing
  tags:
    - java
    - Java
spec:
  type: openapi
  lifecycle: production
  definition:
    $text: ./openapi.yaml
"""


def judged(files: Mapping[str, str]) -> Validation:
    return validate_entities(list(files), lambda name: files[name].encode())


def seen(finding: Finding) -> tuple[str, str, str, str]:
    return finding.severity, finding.code, str(finding.place), finding.message.partition(":")[0]


def test_valid_files_have_no_findings() -> None:
    others = [USER.replace("jane", name) for name in ("joe", "jim")]
    assert judged({"a.yaml": USER, "b.yaml": f"---\n---\n{others[0]}---\n{others[1]}"}) == Validation(2, 3, ())


def test_findings_have_the_line_of_the_value_or_of_what_should_hold_it() -> None:
    assert [seen(finding) for finding in judged({"a.yaml": f"{USER}---\n{BROKEN}"}).findings] == [
        ("error", "invalid-entity", "a.yaml:13", "metadata.tags[1]"),
        ("error", "invalid-entity", "a.yaml:14", "spec.owner"),
        ("info", "unread-placeholder", "a.yaml:17", "spec.definition"),
    ]


def test_a_file_that_is_no_yaml_is_a_finding_and_the_others_are_judged() -> None:
    validation = judged({"a.yaml": f"{USER}---\na: [", "b.yaml": BROKEN, "c.yaml": USER.replace("jane", "joe")})

    assert [str(finding.place) for finding in validation.findings if finding.code == "invalid-yaml"] == ["a.yaml:7"]
    assert (validation.files, validation.entities, validation.count("error")) == (3, 2, 3)


def test_yaml_means_what_it_means_to_backstage() -> None:
    assert judged({"a.yaml": USER.replace("jane", "on")}).findings == ()
    assert [seen(finding)[1] for finding in judged({"a.yaml": f"{USER}kind: User\n"}).findings] == ["invalid-yaml"]


@pytest.mark.parametrize("text", ["- a\n", "text\n", "5\n"])
def test_a_document_that_is_no_object_is_no_entity(text: str) -> None:
    assert [seen(finding) for finding in judged({"a.yaml": text}).findings] == [
        ("error", "invalid-entity", "a.yaml:1", "the document")
    ]


@pytest.mark.parametrize("text", ["", "---\n", "# nothing\n"])
def test_a_file_without_entities_is_worth_a_warning(text: str) -> None:
    assert [seen(finding)[:3] for finding in judged({"a.yaml": text}).findings] == [
        ("warning", "no-entities", "a.yaml")
    ]


def test_unknown_kinds_are_told_and_unreadable_references_are_refused() -> None:
    component = (
        "apiVersion: backstage.io/v1alpha1\nkind: {}\nmetadata: {{name: a}}\nspec: {{type: b, lifecycle: c, owner: /}}"
    )
    validation = judged({"a.yaml": component.format("Component"), "b.yaml": component.format("Widget")})

    assert [seen(finding) for finding in validation.findings] == [
        ("error", "unreadable-reference", "a.yaml:4", "spec.owner"),
        ("info", "unknown-kind", "b.yaml:2", "kind"),
    ]


def test_a_file_that_cannot_be_read_ends_the_run() -> None:
    def read(name: str) -> bytes:
        raise NotFoundError(f"{name} is not there")

    with pytest.raises(NotFoundError, match="a is not there"):
        validate_entities(["a"], read)
