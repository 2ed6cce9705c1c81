"""GitHub's rate limits.

Source: GitHub's "Rate limits for the REST API": per minute 900 points (a read is 1, a write 5) and 80 requests that
create content with notifications, of these 500 per hour, and few requests at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from scenedock.effects.local.pace import Pace, Window


def github_pace(clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> Pace:
    """The pace of one credential on GitHub."""
    return Pace("GitHub", Window(60, 900), (Window(60, 80), Window(3_600, 500)), clock, sleep)
