"""Any two services' files: each key stands in one list, the copy has what is decided, and no secret is in it."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scenedock.changes.deployments.deciding import ServiceJudge
from scenedock.changes.deployments.words import ServiceWords
from scenedock.changes.environments.copying import copied
from scenedock.changes.environments.decisions import OUTCOMES, Decision
from scenedock.changes.environments.entries import entries_of
from scenedock.changes.environments.evidence import Evidence, Neighbour
from scenedock.model.finding import Place
from tests.properties.test_environments import FILES, HIDDEN, ITEMS, secret

TEXTS = st.sampled_from(["billing", "billing.qa.example", "BILLING_DB", "billing-worker", "mybilling", "search.qa"])


@settings(max_examples=40)
@given(FILES, FILES, ITEMS, TEXTS, st.sampled_from(["orders", "no", "billing-two", "x"]), st.sampled_from([[], [True]]))
def test_each_key_has_one_outcome_and_the_copy_has_no_secret(
    source: dict[str, Any], other: dict[str, Any], items: list[str], text: str, new: str, follows: list[bool]
) -> None:
    items_of = [{"name": name, "value": HIDDEN if name != "STAGE" else text} for name in items]
    data = yaml.safe_dump(secret({**source, "items": items_of, "own": text}), allow_unicode=True).encode()
    path, words = "billing/values.yaml", ServiceWords("billing", others=("billing-worker",))
    entries = entries_of(data, path)
    near = entries_of(yaml.safe_dump({**other, "own": "search"}, allow_unicode=True).encode(), path)
    judge = ServiceJudge(
        words, new, Evidence({"search": Neighbour(ServiceWords("search"), near)}), follows=bool(follows)
    )

    decisions = [
        Decision.of(entry, verdict, Place("r", path, entry.line)) for entry, verdict in judge.verdicts(entries)
    ]

    assert [each.entry for each in decisions if not each.entry.is_key] == [each for each in entries if not each.is_key]
    assert {each.outcome for each in decisions} <= set(OUTCOMES)
    result = copied(data, decisions, words, new, path)
    assert HIDDEN.encode() not in result
    assert all(HIDDEN not in f"{each.old} {each.new} {each.suggestion} {each.reason}" for each in decisions)
    silent = [each for each in decisions if each.outcome in {"copied", "replaced"} and not each.entry.is_key]
    assert not any(words.are_in(str(each.value)) for each in silent if new != "billing-two" and each.entry.value != "x")
    after = [each.value for each in entries_of(result, path) if not each.is_key]
    expected = [each.value for each in decisions if not each.entry.is_key and each.outcome != "left out"]
    assert [each for each in after if each not in {"", "{}", "[]"}] == [
        each for each in expected if each not in {"", "{}", "[]"}
    ]
