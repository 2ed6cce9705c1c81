"""What may be refused, and how: the one table from error to HTTP status and exit code.

The names mirror Backstage's `@backstage/errors`, so that a person sees the same word in every door. A message says
what was wrong, where (file and line where there is one) and what to do. Anything that is not a `ScenedockError` is a
bug: it ends as a traceback in the log and is never retried blindly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class ScenedockError(Exception):
    """A refusal that the person who asked may read."""

    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1


class InputError(ScenedockError):
    """What was given is wrong; giving it again will not help.

    `path` has the keys and indexes that lead in a document to what is wrong, where that is known: a door that has read
    the document from a file can name the line.
    """

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

    status = 401
    exit_code = 3


class NotAllowedError(ScenedockError):
    """The one who asks may not do this."""

    status = 403
    exit_code = 3


class NotFoundError(ScenedockError):
    """What was named does not exist."""

    status = 404
    exit_code = 2


class ConflictError(ScenedockError):
    """What was asked contradicts what is already there."""

    status = 409
    exit_code = 4


class TemporaryError(ScenedockError):
    """It may work later.

    `retry_after` is the number of seconds to wait before the next try.
    """

    status = 503
    exit_code = 75

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


ERRORS: tuple[type[ScenedockError], ...] = (
    InputError,
    AuthenticationError,
    NotAllowedError,
    NotFoundError,
    ConflictError,
    TemporaryError,
)
