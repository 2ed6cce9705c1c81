"""Each alert leads to its incident, and what docs/incidents.md names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "chart"
PAGE = ROOT / "docs" / "incidents.md"
TEXT = PAGE.read_text(encoding="utf-8")
INCIDENTS = {title: text for title, _, text in (part.partition("\n") for part in TEXT.split("\n## ")[1:])}
ALERTS = {
    rule["alert"]: rule["annotations"]["runbook_url"]
    for group in yaml.safe_load((CHART / "alerts.yaml").read_bytes())["groups"]
    for rule in group["rules"]
}


def anchor(title: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_leads_to_the_incident_that_names_it(alert: str) -> None:
    address, _, target = ALERTS[alert].partition("#")
    named = {anchor(title): text for title, text in INCIDENTS.items()}

    assert address == str(PAGE.relative_to(ROOT))
    assert f"`{alert}`" in named[target]


@pytest.mark.parametrize("title", INCIDENTS)
def test_an_incident_says_how_it_is_noticed_by_what_is_there(title: str) -> None:
    text = INCIDENTS[title]
    checks = set(re.findall(r"^\| (`.+`) \|", (ROOT / "docs" / "operate.md").read_text("utf-8"), re.MULTILINE))
    known = {name for line in checks for name in re.findall(r"`([a-z-]+)(?: …)?`", line)}
    doctor = re.search(r"\*\*Doctor\*\*: (.*)$", text, re.MULTILINE)

    assert all(f"**{each}**:" in text for each in ("Symptom", "Alert", "Metric", "Doctor"))
    assert set(re.findall(r"Scenedock[A-Z]\w+", text)) <= ALERTS.keys()
    assert doctor
    assert set(re.findall(r"`([a-z-]+)(?: …)?`", doctor[1])) <= known
    assert len(known) > 15


def test_a_link_inside_of_the_page_leads_somewhere() -> None:
    targets = set(re.findall(r"\]\(#([^)]+)\)", TEXT))

    assert targets
    assert targets <= {anchor(title) for title in INCIDENTS}
