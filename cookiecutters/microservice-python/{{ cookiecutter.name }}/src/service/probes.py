"""The probes of Kubernetes: is the process alive, and is it ready for requests?"""

import logging
from collections.abc import Callable, Mapping

from flask import Blueprint

log = logging.getLogger(__name__)

Check = Callable[[], bool]


def probes(checks: Mapping[str, Check]) -> Blueprint:
    """Create /healthz, which succeeds while the process responds, and /readyz, which runs `checks`."""
    blueprint = Blueprint("probes", __name__)

    @blueprint.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @blueprint.get("/readyz")
    def readyz() -> tuple[dict[str, object], int]:
        failed = sorted(name for name, check in checks.items() if not passes(name, check))
        return ({"status": "not ready", "failed": failed}, 503) if failed else ({"status": "ok"}, 200)

    return blueprint


def passes(name: str, check: Check) -> bool:
    """Tell whether a check passes; one that raises an exception doesn't."""
    try:
        return check()
    except Exception:
        log.exception("readiness check %s raised an exception", name)
        return False
