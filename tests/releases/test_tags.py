"""Semantic versions: what one is, and their precedence. Source: "Semantic Versioning 2.0.0", 9 to 11."""

from __future__ import annotations

from itertools import pairwise

import pytest

from scenedock.releases.tags import SemVer

IN_ORDER = """0.9.9 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1
    1.0.0 v1.0.1 1.2.0 1.10.0""".split()


def version(text: str) -> SemVer:
    parsed = SemVer.parse(text)
    assert parsed
    return parsed


def test_versions_are_compared_as_the_specification_says() -> None:
    assert max(IN_ORDER, key=version) == IN_ORDER[-1]
    assert all(version(one) < version(other) for one, other in pairwise(IN_ORDER))


def test_build_metadata_has_no_precedence() -> None:
    assert version("1.0.0+1") == version("v1.0.0+2")
    assert len({version("1.0.0+1"), version("1.0.0")}) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.2",
        "01.2.3",
        "1.2.3-01",
        "1.2.3-",
        "1.2.3+",
        "V1.2.3",
        "vv1.2.3",
        "latest",
        "1.2.3 ",
        "1.2.3@sha256:5f13",
        "\u0661.2.3",
        "1" * 300,
    ],
)
def test_what_is_no_semantic_version_is_none(text: str) -> None:
    assert SemVer.parse(text) is None


def test_a_version_that_is_pinned_to_a_digest_is_that_version() -> None:
    assert version(f"v1.2.3@sha256:{'5f' * 32}") == version("1.2.3") < version(f"1.2.4@sha256:{'00' * 32}")
