"""All errors that Scenedock reports: the one table of their names on the wire, HTTP statuses and exit codes.

The names are those of Backstage's `@backstage/errors`, so that every door uses the same word. A message says what is
wrong, where (file and line, if there is one) and what to do. Any other exception is a bug: its traceback is logged, and
it is not retried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

BUG: Final = "Error"
"""The wire name of an error that is a bug in Scenedock."""
TIMED_OUT: Final = "TimeoutError"
"""The wire name of the error for a step of a task that ran or waited too long."""


class ScenedockError(Exception):
    """An error whose message the caller may read; a subclass outside the table has the wire name of its parent."""

    wire_name: ClassVar[str] = BUG
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1


class InputError(ScenedockError):
    """The input is invalid; sending the same input again will not help.

    `path` holds the keys and indexes that lead to the invalid value in a document, if they are known. A door that has
    read the document from a file can then name the line.
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
        """The errors that this one combines, or only itself."""
        return self._parts or (self,)

    @classmethod
    def of(cls, parts: Sequence[InputError]) -> InputError:
        """One error that combines several."""
        error = InputError("\n".join(map(str, parts)))
        error._parts = tuple(parts)
        return error


class AuthenticationError(ScenedockError):
    """The caller could not be authenticated."""

    wire_name = "AuthenticationError"
    status = 401
    exit_code = 3


class NotAllowedError(ScenedockError):
    """The caller is not allowed to do this."""

    wire_name = "NotAllowedError"
    status = 403
    exit_code = 3


class NotFoundError(ScenedockError):
    """Something that the request names does not exist."""

    wire_name = "NotFoundError"
    status = 404
    exit_code = 2


class ConflictError(ScenedockError):
    """The request conflicts with what already exists."""

    wire_name = "ConflictError"
    status = 409
    exit_code = 4


class TemporaryError(ScenedockError):
    """The operation is not possible now, but may succeed later.

    `retry_after` is the number of seconds to wait before the next try. If the operation only waits for its `turn`, a
    task tries again after as long each time: longer each time, it would let all later ones pass.
    """

    wire_name = "ServiceUnavailableError"
    status = 503
    exit_code = 75

    def __init__(self, message: str, *, retry_after: float, turn: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.turn = turn


class TooManyRequestsError(TemporaryError):
    """The caller sends too many requests."""

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
"""The wire names by HTTP status; the last three are errors of HTTP itself, with Backstage's names."""
