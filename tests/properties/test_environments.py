"""Any two environments' files: each key stands in one list, the copy has what is decided, no secret, and renders."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from scenedock.changes.environments.copying import copied
from scenedock.changes.environments.deciding import Judge
from scenedock.changes.environments.decisions import OUTCOMES, Decision
from scenedock.changes.environments.entries import Entries, entries_of
from scenedock.changes.environments.evidence import Evidence, Neighbour
from scenedock.changes.environments.words import Words
from scenedock.model.finding import Place
from tests.tools.helm import helm

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
PATH, WORDS = "values-dev.yaml", Words("dev", "billing")
CHART = "apiVersion: v2\nname: billing\nversion: 1.0.0\n"
EXAMPLES = 200 if os.environ.get("SCENEDOCK_SOAK") else 10
ITEMS = st.lists(st.sampled_from(["DB_PASSWORD", "STAGE", "TOKEN"]), max_size=3, unique=True)


def secret(value: Any, name: str = "") -> Any:
    """The value with a secret under each name of one."""
    if isinstance(value, dict):
        return {key: secret(below, key) for key, below in value.items()}
    if isinstance(value, list):
        return [secret(each, name) for each in value]
    return HIDDEN if name == "password" else value


def written(source: dict[str, Any], items: list[str], style: str) -> bytes:
    """The values file of an environment, with secrets in it."""
    items_of = [{"name": name, "value": HIDDEN if name != "STAGE" else "dev"} for name in items]
    values = secret({**source, "items": items_of})
    text = yaml.safe_dump(values, default_flow_style=style == "flow", allow_unicode=True)
    return f"# dev stays in a comment\n# DB_PASSWORD: {HIDDEN}\n{text}# token={HIDDEN}\n".encode()


def decided(data: bytes, new: str, evidence: Evidence) -> tuple[Entries, list[Decision]]:
    """The keys of a file, and what becomes of them."""
    entries = entries_of(data, PATH)
    verdicts = Judge(WORDS, new, evidence).verdicts(entries)
    return entries, [Decision.of(entry, verdict, Place("r", PATH, entry.line)) for entry, verdict in verdicts]


@settings(max_examples=40)
@given(FILES, FILES, ITEMS, st.sampled_from(["block", "flow"]), st.sampled_from(["qa", "prod", "no", "pre-live"]))
def test_each_key_has_one_outcome_and_the_copy_has_no_secret(
    source: dict[str, Any], other: dict[str, Any], items: list[str], style: str, new: str
) -> None:
    data = written(source, items, style)
    near = entries_of(yaml.safe_dump(other, allow_unicode=True).encode(), PATH)
    entries, decisions = decided(data, new, Evidence({"test": Neighbour(Words("test", "billing"), near)}))

    keys = [each.entry for each in decisions if not each.entry.is_key]
    assert keys == [each for each in entries if not each.is_key]
    assert {each.outcome for each in decisions} <= set(OUTCOMES)
    result = copied(data, decisions, WORDS, new, PATH)
    assert result.startswith(b"# dev stays in a comment\n") or {each.outcome for each in decisions} == {"left out"}
    assert HIDDEN.encode() not in result
    assert all(HIDDEN not in f"{each.old} {each.new} {each.suggestion} {each.reason}" for each in decisions)
    after = entries_of(result, PATH)
    values = [each.value for each in after if not each.is_key and each.value not in {"", "{}", "[]"}]
    expected = [each.value for each in decisions if not each.entry.is_key and each.outcome != "left out"]
    assert values == [each for each in expected if each not in {"", "{}", "[]"}]


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chart without templates."""
    folder = tmp_path_factory.mktemp("billing")
    (folder / "templates").mkdir()
    (folder / "Chart.yaml").write_text(CHART, encoding="utf-8")
    return folder


def reading(value: Any, at: str) -> Iterator[str]:
    """Lines of a template that reads all values below a place, as templates do: whatever is above must be there.

    A key that names the environment isn't read by its name: it has another one in the copy.
    """
    if isinstance(value, dict):
        for key, below in value.items():
            if not WORDS.are_in(key):
                yield from reading(below, f'(index {at} "{key}")')
    elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
        of_each = '{{ if kindIs "map" . }}{{ toJson .name | b64enc }}{{ end }}'
        yield f"- {{{{ range {at} }}}}{of_each}{{{{ end }}}}"
    else:
        yield f"- {{{{ {at} | toJson | quote }}}}"


def rendered(chart: Path, values: bytes) -> str:
    """What helm says of a values file; empty where it renders."""
    (chart / PATH).write_bytes(values)
    command = [str(helm("4")), "template", "billing", str(chart), "--values", str(chart / PATH)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"HOME": str(chart)})
    return done.stderr if done.returncode else ""


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(FILES, ITEMS, st.sampled_from(["block", "flow"]), st.sampled_from(["qa", "prod", "no", "pre-live"]))
def test_what_renders_with_the_source_renders_with_the_copy(
    chart: Path, source: dict[str, Any], items: list[str], style: str, new: str
) -> None:
    data = written(source, items, style)
    lines = ["values:", *reading(yaml.safe_load(data), ".Values")]
    (chart / "templates" / "all.yaml").write_text("\n".join(lines), encoding="utf-8")
    _, decisions = decided(data, new, Evidence({}))
    assume({each.outcome for each in decisions} != {"left out"})  # such a file isn't made

    result = copied(data, decisions, WORDS, new, PATH)

    assert rendered(chart, data) == ""
    assert rendered(chart, result) == "", f"{data.decode()}\n{result.decode()}"
