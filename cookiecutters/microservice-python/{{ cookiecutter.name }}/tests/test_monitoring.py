"""Test that alerts and dashboard ask for what the service measures."""

import json
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.app import create_app

MONITORING = Path(__file__).parents[1] / "monitoring"


@pytest.mark.parametrize("file", ["alerts.yaml", "dashboard.json"])
def test_each_metric_is_exposed(file: str) -> None:
    client = create_app().test_client()
    client.get("/")
    families = text_string_to_metric_families(client.get("/metrics").text)
    exposed = {sample.name for family in families for sample in family.samples}

    named = set(re.findall(r"\b([a-z_]+)\{", (MONITORING / file).read_text(encoding="utf-8")))

    assert named
    assert named <= exposed


def test_every_panel_asks_for_something() -> None:
    dashboard = json.loads((MONITORING / "dashboard.json").read_bytes())

    assert [panel["title"] for panel in dashboard["panels"] if not panel["targets"][0]["expr"]] == []
