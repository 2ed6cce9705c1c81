"""The board in Backstage, by YAML alone: as TechDocs of a Resource."""

from __future__ import annotations

from tests.e2e.company import Company
from tests.tools.server import wait_until

BOARD = "resource:default/deployments"
PATH = "default/resource/deployments"


def test_techdocs_shows_the_board(company: Company) -> None:
    wait_until(lambda: company.frontend.has([BOARD]), "the board in the catalog")

    made = company.frontend.text(f"techdocs/sync/{PATH}")
    page = company.frontend.text(f"techdocs/static/docs/{PATH}/index.html")

    assert '"updated":true' in made
    assert "<td><code>" in page
    assert "<td>billing</td>" in page
    assert '"updated":false' in company.frontend.text(f"techdocs/sync/{PATH}")
