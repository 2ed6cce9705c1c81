"""Whether our clock is right, by the clocks of those that we talk to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from scenedock.effects.network.probe import Probe
from scenedock.usecases.doctor.diagnosis import Diagnosis, fine, problem, unknown

MOST_SECONDS: Final = 60.0
"""GitHub refuses an App whose clock is a minute ahead; signatures of Backstage end after an hour."""


def check_clock(answers: Sequence[Probe]) -> Diagnosis:
    """Compare our clock with the `Date` of each answer."""
    check = "clock"
    told = {urlsplit(each.url).netloc: each.ahead for each in answers if each.ahead is not None}
    if not told:
        return unknown(check, "nobody who was reached told the time")
    evidence = "; ".join(f"{_apart(ahead)} {host}" for host, ahead in told.items())
    wrong = [host for host, ahead in told.items() if abs(ahead) > MOST_SECONDS]
    if not wrong:
        return fine(check, f"ours is {evidence}")
    others = len(wrong) < len(told)
    whose = f"the clock of {', '.join(wrong)}" if others else "this machine's clock"
    remedy = f"Set {whose} by NTP (chrony, systemd-timesyncd): signatures and tokens are valid for minutes."
    return problem(check, f"ours is {evidence}", remedy)


def _apart(ahead: float) -> str:
    if abs(ahead) < 1:
        return "the same as that of"
    return f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} that of"
