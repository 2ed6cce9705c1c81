"""How long the tokens for code hosts are still valid: who operates the service must know before they end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Final

from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.errors import NotAllowedError, ScenedockError
from scenedock.model.finding import Reason
from scenedock.structs import dataclass, field

WARNING_DAYS: Final = 14
EXPIRING, REFUSED = "token-expires", "token-refused"
_SECONDS_BETWEEN: Final = 6 * 3_600
_log: Final = logging.getLogger("scenedock.code_hosts")


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(slots=True)
class TokenExpiry:
    """What the hosts last told of our tokens: `ends` are the days on which those end that do, `refused` those refused.

    It is asked again every six hours.
    """

    hosts: CodeHosts
    today: Callable[[], date] = _today
    ends: dict[str, date] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        """Ask each host; one that can't be reached keeps what it told before."""
        for host in self.hosts.with_ending_tokens():
            try:
                end = self.hosts.token_end(host)
            except NotAllowedError as error:
                self.refused[host] = str(error)
            except ScenedockError as error:
                _log.warning("%s can't be reached: %s", host, error)
            else:
                self.refused.pop(host, None)
                self.ends.pop(host, None)
                if end is not None:
                    self.ends[host] = end

    def days(self) -> dict[str, int]:
        """The days that are left, by host."""
        return {host: (end - self.today()).days for host, end in self.ends.items()}

    def reasons(self) -> tuple[Reason, ...]:
        """A reason for each token that is not accepted, or ends within two weeks."""
        soon = [
            Reason("", EXPIRING, f"the token for {host} ends on {self.ends[host]} ({_in(days)}); renew it in its file")
            for host, days in sorted(self.days().items())
            if days <= WARNING_DAYS and host not in self.refused
        ]
        return (*(Reason("", REFUSED, f"the token for {host} is not accepted") for host in sorted(self.refused)), *soon)

    def start(self) -> None:
        """Begin to ask, in the background."""
        if self.hosts.with_ending_tokens():
            threading.Thread(target=self._run, name="token-expiry", daemon=True).start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self.look()
            for reason in self.reasons():
                _log.warning("%s", reason.message)
            self._stopped.wait(_SECONDS_BETWEEN)


def _in(days: int) -> str:
    return "it has ended" if days <= 0 else "in one day" if days == 1 else f"in {days} days"
