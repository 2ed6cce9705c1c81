"""Any two environments' files: each key stands in one list, the copy has what is decided, and no secret is in it."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scenedock.changes.environments.copying import copied
from scenedock.changes.environments.deciding import Judge
from scenedock.changes.environments.decisions import OUTCOMES, Decision
from scenedock.changes.environments.entries import entries_of
from scenedock.changes.environments.evidence import Evidence, Neighbour
from scenedock.changes.environments.words import Words
from scenedock.model.finding import Place

HIDDEN = "hunter2hunter2"
SCALARS = st.one_of(
    st.sampled_from(
        ["dev", "billing.dev.acme.example", "DEV", "development", "a # b", "yes", "", "x: y", "|\n dev\n", "é"]
    ),
    st.integers(-9, 10**12),
    st.booleans(),
    st.none(),
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=8),
)
NAMES = st.sampled_from(["a", "host", "dev", "replicas", "image", "dev.x", "password", "name", "env"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.dictionaries(NAMES, inner, max_size=3) | st.lists(inner, max_size=3), max_leaves=8
)
FILES = st.dictionaries(NAMES, VALUES, min_size=1, max_size=5)
ITEMS = st.lists(st.sampled_from(["DB_PASSWORD", "STAGE", "TOKEN"]), max_size=3, unique=True)


def secret(value: Any, name: str = "") -> Any:
    """The value with a secret under each name of one."""
    if isinstance(value, dict):
        return {key: secret(below, key) for key, below in value.items()}
    if isinstance(value, list):
        return [secret(each, name) for each in value]
    return HIDDEN if name == "password" else value


@settings(max_examples=40)
@given(FILES, FILES, ITEMS, st.sampled_from(["block", "flow"]), st.sampled_from(["qa", "prod", "no", "pre-live"]))
def test_each_key_has_one_outcome_and_the_copy_has_no_secret(
    source: dict[str, Any], other: dict[str, Any], items: list[str], style: str, new: str
) -> None:
    items_of = [{"name": name, "value": HIDDEN if name != "STAGE" else "dev"} for name in items]
    written = yaml.safe_dump(
        secret({**source, "items": items_of}), default_flow_style=style == "flow", allow_unicode=True
    )
    data = f"# dev stays in a comment\n{written}".encode()
    path, words = "values-dev.yaml", Words("dev", "billing")
    entries = entries_of(data, path)
    near = entries_of(yaml.safe_dump(other, allow_unicode=True).encode(), path)
    judge = Judge(words, new, Evidence({"test": Neighbour(Words("test", "billing"), near)}))

    decisions = [
        Decision.of(entry, verdict, Place("r", path, entry.line)) for entry, verdict in judge.verdicts(entries)
    ]

    keys = [each.entry for each in decisions if not each.entry.is_key]
    assert keys == [each for each in entries if not each.is_key]
    assert {each.outcome for each in decisions} <= set(OUTCOMES)
    result = copied(data, decisions, words, new, path)
    assert result.startswith(b"# dev stays in a comment\n") or {each.outcome for each in decisions} == {"left out"}
    assert HIDDEN.encode() not in result
    assert all(HIDDEN not in f"{each.old} {each.new} {each.suggestion} {each.reason}" for each in decisions)
    after = entries_of(result, path)
    values = [each.value for each in after if not each.is_key and each.value not in {"", "{}", "[]"}]
    expected = [each.value for each in decisions if not each.entry.is_key and each.outcome != "left out"]
    assert values == [each for each in expected if each not in {"", "{}", "[]"}]
