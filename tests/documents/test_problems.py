"""A problem says where it is, as a person reads a path."""

from __future__ import annotations

from scenedock.documents.problems import quoted, shown


def test_a_path_reads_like_a_path() -> None:
    assert shown(("metadata", "annotations", "backstage.io/view-url")) == "metadata.annotations.backstage.io/view-url"
    assert shown(("spec", "steps", 0, "two words", "", "a\nb")) == r"spec.steps[0].'two words'.''.'a\nb'"
    assert shown(()) == "the document"


def test_an_address_loses_its_token_before_it_is_cut_short() -> None:
    address = f"https://{'t0ken' * 20}@github.com/acme/apps"

    assert quoted(address) == "'https://github.com/acme/apps'"
    assert shown((f"see {address}", address)) == "'see https://github.com/acme/apps'.https://github.com/acme/apps"
