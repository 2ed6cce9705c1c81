"""Globs mean what people who write paths expect, and no pattern costs more than it is long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenedock.catalog.vocabulary.globs import beginning_of, first_match, is_glob, matches


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("apps/*", "apps/billing apps/.hidden", "apps apps/a/b x/apps/a"),
        ("apps/**", "apps/a apps/a/b", "apps x/apps/a"),
        ("**", "a a/b", ""),
        ("**/billing", "billing a/billing a/b/billing", "a/billings billing/a"),
        ("apps/**/billing", "apps/billing apps/a/b/billing", "billing x/apps/billing"),
        ("apps/bill*", "apps/bill apps/billing", "apps/bil apps/bill/ing"),
        ("apps/*-*-cron", "apps/a-b-cron apps/a--cron", "apps/a-cron"),
        ("apps/?", "apps/a apps/é", "apps/ab apps"),
        ("apps/[a-c]*", "apps/billing", "apps/web"),
        ("apps/[!a-c]*", "apps/web", "apps/billing"),
        ("apps/[^a-c]*", "apps/web", "apps/billing"),
        ("apps/{a,b-*}", "apps/a apps/b-c", "apps/b"),
        ("{apps,charts}/{a,b}", "apps/a charts/b", "apps/c x/a"),
        ("{a,{b,c}d}", "a bd cd", "b d"),
        ("apps/", "apps", "apps/a"),
        ("/apps", "apps", "a/apps"),
        ("a.b", "a.b", "axb"),
        ("Apps", "Apps", "apps"),
        ("[", "[", "a"),
        ("[z-a]", "", "z a -"),
        ("{a}", "{a}", "a"),
        ("", "", "a"),
    ],
)
def test_a_pattern_matches_whole_paths(pattern: str, yes: str, no: str) -> None:
    assert [path for path in yes.split() if not matches(path, [pattern])] == []
    assert [path for path in no.split() if matches(path, [pattern])] == []


def test_the_root_is_matched_by_what_may_be_nothing() -> None:
    assert [pattern for pattern in ("", "**", "*", "?", "/", "**/*") if matches("", [pattern])] == ["", "**", "/"]


def test_the_first_pattern_of_a_table_decides() -> None:
    assert first_match("apps/billing-cron", {"x": "1", "apps/*-cron": "job", "apps/*": "service"}) == "job"
    assert first_match("web", {"apps/*": "service"}) == ""


@pytest.mark.parametrize("pattern", ["{a,b}" * 12, "a" * 5000])
def test_what_stands_for_too_much_is_no_glob(pattern: str) -> None:
    assert not is_glob(pattern)
    with pytest.raises(ValueError, match="pattern"):
        matches("a", [pattern])


signs = st.text("ab*?[]{},!^-/\\.", max_size=12)


@given(signs, st.text("ab/[]{}-.", max_size=8))
def test_any_text_is_a_pattern_or_no_glob(pattern: str, path: str) -> None:
    if is_glob(pattern) and matches(path, [pattern]):
        assert path.startswith(beginning_of(pattern)) or "//" in path


@given(st.text("ab*?", max_size=12), st.text("ab", min_size=1, max_size=8))
def test_a_name_is_matched_as_by_every_shell(pattern: str, name: str) -> None:
    assert matches(name, [pattern]) == _naive(pattern.replace("**", "*"), name)


def _naive(pattern: str, name: str) -> bool:
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(_naive(pattern[1:], name[start:]) for start in range(len(name) + 1))
    return bool(name) and pattern[0] in {"?", name[0]} and _naive(pattern[1:], name[1:])
