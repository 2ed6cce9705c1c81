"""A problem says where it is, as a person reads a path."""

from __future__ import annotations

from scenedock.documents.problems import shown


def test_a_path_reads_like_a_path() -> None:
    assert shown(("metadata", "annotations", "backstage.io/view-url")) == "metadata.annotations.backstage.io/view-url"
    assert shown(("spec", "steps", 0, "two words", "", "a\nb")) == r"spec.steps[0].'two words'.''.'a\nb'"
    assert shown(()) == "the document"
