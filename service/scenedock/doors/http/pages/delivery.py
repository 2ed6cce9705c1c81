"""Delivery: how often each team deploys to production, and how long that takes, as far as git tells it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final

from flask import Response, request

from scenedock.doors.http.rendering.page import PAGE, page
from scenedock.doors.http.rendering.service_lines import short
from scenedock.doors.http.routes import Route
from scenedock.errors import InputError
from scenedock.releases.vocabulary import DAYS, MOST_DAYS, By
from scenedock.runtime.service import Service

if TYPE_CHECKING:
    from scenedock.usecases.releases.measure_delivery import Delivery
    from scenedock.usecases.releases.overview import Overview

_MOST_KEPT: Final = 8
_CHOICES: Final = (30, 90, 365)
_BY: Final[Mapping[str, By]] = {"owner": "owner", "service": "service"}
_SECONDS_OF_A_DAY: Final = 86_400


def show_delivery(service: Service) -> Response:
    """Show deployment frequency and lead time for changes of the last days, by owner or service."""
    shown = service.overview.current()
    days, by = _days(request.args.get("days", str(DAYS))), _by(request.args.get("by", "owner"))
    today = int(time.time() // _SECONDS_OF_A_DAY)
    delivery = _measuring(shown.overview, service.effects.apart.read, today)(days, by)
    rows = [(short(each.name, "group") if by == "owner" else each.name, each) for each in delivery.metrics]
    return page("delivery.html", shown=shown, delivery=delivery, rows=rows, choices=sorted({*_CHOICES, days}))


def _days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and 1 <= int(text) <= MOST_DAYS):
        raise InputError(f"`days` in the address must be a number from 1 to {MOST_DAYS}")
    return int(text)


def _by(text: str) -> By:
    if text not in _BY:
        raise InputError("`by` in the address must be `owner` or `service`")
    return _BY[text]


@lru_cache(maxsize=1)
def _measuring(_overview: Overview, read: Callable[..., Delivery], _day: int) -> Callable[[int, By], Delivery]:
    """Measures, each once as long as the overview is the newest and the day the same: it costs as much as an export."""
    from scenedock.usecases.releases.measure_delivery import measure_served

    return lru_cache(maxsize=_MOST_KEPT)(partial(read, measure_served))


ROUTES: Final = (Route("GET", "/delivery", "page", show_delivery, PAGE),)
