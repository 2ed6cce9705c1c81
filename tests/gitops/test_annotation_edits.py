"""Annotations are added to what a person wrote without another byte of it changing."""

from __future__ import annotations

import pytest

from scenedock.documents.reading import BACKSTAGE, read_documents
from scenedock.errors import InputError
from scenedock.gitops.annotation_edits import add_annotations
from scenedock.model.entity import EntityRef

BILLING = EntityRef.of("component", "billing")
NEW = {"argocd/app-name": "billing", "scenedock.dev/environments": "qa, production"}
LINES = ["argocd/app-name: billing", 'scenedock.dev/environments: "qa, production"']


def added(text: str, annotations: dict[str, str] = NEW) -> str:
    return add_annotations(text.encode(), BILLING, annotations, "catalog-info.yaml").decode()


@pytest.mark.parametrize(
    ("before", "indent", "after"),
    [
        ("kind: Component\nmetadata:\n  name: billing # ours\n  annotations:\n    a: b  # why\n", 4, "spec: {}\n"),
        ("kind: Component\nmetadata:\n  annotations:\n    # first\n    a: 'it''s'\n", 4, "  name: billing\n"),
        ('kind: Component\nmetadata:\n    annotations:\n     "a": "b\n       c"\n', 5, "    name: billing\n"),
        (
            "kind: Group\nmetadata: {}\n---\n# ours\nkind: Component\nmetadata:\n  annotations:\n    a: b\n",
            4,
            "    c: |\n      d\n\n  name: billing\n---\nkind: API\nmetadata: {name: billing}\n",
        ),
        ("\ufeffkind: Component\nmetadata:\n  name: billing\n  annotations:\n    ü: ü\n", 4, "# the end\n"),
    ],
)
def test_they_are_put_behind_those_that_are_there(before: str, indent: int, after: str) -> None:
    assert added(before + after) == before + "".join(f"{' ' * indent}{line}\n" for line in LINES) + after


def test_a_file_without_any_gets_them_behind_the_name() -> None:
    before, after = "kind: Component\nmetadata:\n  title: B\n  name: 'billing'\n", "  tags:\n    - a\nspec: {}\n"

    assert added(before + after) == f"{before}  annotations:\n    {LINES[0]}\n    {LINES[1]}\n{after}"


def test_the_ends_of_lines_and_of_the_file_stay() -> None:
    text = "kind: Component\r\nmetadata:\r\n  name: billing\r\n  annotations:\r\n    a: b"

    assert added(text) == f"{text}\r\n    {LINES[0]}\r\n    {LINES[1]}"


def test_one_that_is_there_keeps_its_value() -> None:
    text = "kind: Component\nmetadata:\n  name: billing\n  annotations:\n    argocd/app-name: theirs\n"

    assert added(text, {"argocd/app-name": "ours"}) == text
    assert added(text) == f"{text}    {LINES[1]}\n"


def test_any_value_is_read_again_as_it_is() -> None:
    values = {
        f"a/{at}": text for at, text in enumerate(["yes", "1.10", "", " x ", "a: b", "#", "{{ x }}", 'q"\\', "ü\n"])
    }
    text = "kind: Component\nmetadata:\n  name: billing\n"

    (read,) = read_documents(added(text, values).encode(), meaning=BACKSTAGE)

    assert read.value["metadata"]["annotations"] == values  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: Component\nmetadata: {name: billing}\n", "catalog-info.yaml:1: the annotations of component:default/"),
        ("kind: Component\nmetadata:\n  name: billing\n  annotations: {a: b}\n", "can't be added without changing"),
        ("kind: Component\nmetadata:\n  name: billing\n  annotations:\n", "can't be added without changing"),
        ("kind: Component\nmetadata:\n  name: billing\n  annotations:\n    a: |\n      b\n", "can't be added without"),
        (
            "kind: Component\nx: &x\n  a: b\nmetadata:\n  name: billing\n  annotations: *x\n",
            "catalog-info.yaml:1: the annotations of component:default/billing can't be added without changing",
        ),
        (
            "kind: Component\nmetadata:\n  name: billing\n  annotations: &x\n    a: b\nspec:\n  also: *x\n",
            "can't be added without changing anything else; add them by hand",
        ),
        ("kind: Component\nmetadata:\n  name: other\n", "catalog-info.yaml: it has no component:default/billing"),
        ("kind: [\n", "catalog-info.yaml:"),
    ],
)
def test_where_more_would_change_it_says_so(text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        added(text)
    assert said in str(refused.value)
