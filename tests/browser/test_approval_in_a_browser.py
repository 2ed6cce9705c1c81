"""The page of an approval in a real browser: what will be done is laid out, and long lines don't widen the page."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

from scenedock.doors.http.app import make_app
from scenedock.model.approvals import ApprovalRequest, ApprovalSubject, Approvers, StepKey
from scenedock.model.tasks.task import Task, WaitingFor
from scenedock.usecases.approvals.require_approval import require_approval
from tests.browser.conftest import WIDTHS, visiting
from tests.tools.service import service_in

RULES = """rules:
- allow: [pass-approval]
  users: [user:default/root]
approvals:
- actions: [set-version]
  environments: [production]
  users: [user:default/ann]
"""
LONG = "registry.acme.example/platform/teams/payments/" + "billing-" * 12
SUMMARY = f"""**This is committed to gitops without a pull request.**

| deployment | from | to | file |
| --- | --- | --- | --- |
| billing/production | 1.3.0 | 1.4.0 | `services/billing/values-production.yaml:12` |
| cart/production | 2.0.0 | 2.1.0 | `services/cart/values-production.yaml:9` |

## Manifests

2 objects change. See [the comparison](https://git.acme.example/apps/compare/1.3.0...1.4.0).

```diff
- image: {LONG}:1.3.0
+ image: {LONG}:1.4.0
```

1. <script>alert(1)</script>
2. `{LONG}`
"""


@pytest.fixture
def approval(tmp_path: Path) -> Iterator[str]:
    """The address of an approval that is open, in a service behind a proxy that says who visits."""
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES, encoding="utf-8")
    service = service_in(tmp_path / "data", rules=rules, trusted_proxy=("127.0.0.1",))
    service.start()
    effects = service.tasks.effects
    effects.store.add(Task("task", {"steps": []}, "processing", 1, state={"steps": {}}), None)
    subject = ApprovalSubject("Set 1.4.0 in production", SUMMARY, "1.4.0")
    who = Approvers(users=frozenset({"user:default/ann"}))
    request = ApprovalRequest("set-version", subject, who, "user:default/jane")
    with pytest.raises(WaitingFor) as waiting:
        require_approval(service.effects.approvals, StepKey("task", "it"), request)
    server = make_server("127.0.0.1", 0, make_app(service), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/approvals/{waiting.value.key.partition(':')[2]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        service.stop()


@pytest.mark.parametrize("width", WIDTHS)
def test_what_will_be_done_is_laid_out(browser: Browser, approval: str, width: int) -> None:
    with visiting(browser, approval, width, extra_http_headers={"X-Forwarded-User": "ann"}) as visitor:
        visitor.open("")
        visitor.check("approval")

        what = visitor.page.get_by_role("region", name="What will be done")
        expect(what.get_by_role("table").get_by_role("row")).to_have_count(3)
        expect(what.get_by_role("heading", name="Manifests", level=4)).to_be_visible()
        expect(what.get_by_role("link")).to_have_attribute("rel", "nofollow noopener noreferrer")
        expect(what.get_by_text("<script>alert(1)</script>")).to_be_visible()
