"""What may be refused, and how: the one table from error to name on the wire, HTTP status and exit code.

The names mirror Backstage's `@backstage/errors`, so that a person sees the same word in every door. A message says
what was wrong, where (file and line where there is one) and what to do. Anything that is not a `ScenedockError` is a
bug: it ends as a traceback in the log and is never retried blindly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

BUG: Final = "Error"
"""What our own mistakes are called on the wire."""
TIMED_OUT: Final = "TimeoutError"
"""What it is called on the wire that a step of a task took, or waited, too long."""


class ScenedockError(Exception):
    """A refusal that the person who asked may read; a finer class is called what its parent in the table is."""

    wire_name: ClassVar[str] = BUG
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1


class InputError(ScenedockError):
    """What was given is wrong; giving it again will not help.

    `path` has the keys and indexes that lead in a document to what is wrong, where that is known: a door that has read
    the document from a file can name the line.
    """

    wire_name = "InputError"
    status = 400
    exit_code = 2

    def __init__(self, message: str, path: tuple[str | int, ...] | None = None) -> None:
        super().__init__(message)
        self.path = path
        self._parts: tuple[InputError, ...] = ()

    @property
    def parts(self) -> tuple[InputError, ...]:
        """The errors that this one tells, itself if it is one alone."""
        return self._parts or (self,)

    @classmethod
    def of(cls, parts: Sequence[InputError]) -> InputError:
        """One error that tells all of several."""
        error = InputError("\n".join(map(str, parts)))
        error._parts = tuple(parts)
        return error


class AuthenticationError(ScenedockError):
    """Who is asking could not be established."""

    wire_name = "AuthenticationError"
    status = 401
    exit_code = 3


class NotAllowedError(ScenedockError):
    """The one who asks may not do this."""

    wire_name = "NotAllowedError"
    status = 403
    exit_code = 3


class NotFoundError(ScenedockError):
    """What was named does not exist."""

    wire_name = "NotFoundError"
    status = 404
    exit_code = 2


class ConflictError(ScenedockError):
    """What was asked contradicts what is already there."""

    wire_name = "ConflictError"
    status = 409
    exit_code = 4


class TemporaryError(ScenedockError):
    """It may work later.

    `retry_after` is the number of seconds to wait before the next try.
    """

    wire_name = "ServiceUnavailableError"
    status = 503
    exit_code = 75

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooManyRequestsError(TemporaryError):
    """The caller asks too often."""

    wire_name = "TooManyRequestsError"
    status = 429


ERRORS: tuple[type[ScenedockError], ...] = (
    InputError,
    AuthenticationError,
    NotAllowedError,
    NotFoundError,
    ConflictError,
    TemporaryError,
    TooManyRequestsError,
)
WIRE_NAMES: Final[Mapping[int, str]] = {
    **{each.status: each.wire_name for each in ERRORS},
    405: "NotAllowedError",
    413: "PayloadTooLargeError",
    415: "InputError",
}
"""By HTTP status; the last three are what HTTP alone refuses, in Backstage's own words."""
