"""The code that Jinja compiles templates to, which may outlive a process."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from types import CodeType


def _keep_nothing(_: Mapping[bytes, CodeType]) -> None:
    return


class TemplateCode:
    """The code of a skeleton's templates, by what it was compiled from; safe to use from any number of threads.

    `kept` is what an earlier process has compiled of the same version; `keep` gets everything, when there is more.
    """

    def __init__(
        self,
        kept: Mapping[bytes, CodeType] | None = None,
        keep: Callable[[Mapping[bytes, CodeType]], None] = _keep_nothing,
    ) -> None:
        self._codes = dict(kept or {})
        self._keep = keep
        self._known = len(self._codes)

    def get(self, name: str | None, filename: str | None, source: str, compiled: Callable[[], CodeType]) -> CodeType:
        """The code of a template; `compiled` is called where it is new."""
        text = "\0".join((name or "", filename or "", source)).encode("utf-8", "surrogatepass")
        key = hashlib.blake2b(text, digest_size=16).digest()
        if key not in self._codes:
            self._codes[key] = compiled()
        return self._codes[key]

    def keep(self) -> None:
        """Keep what is new, if anything is."""
        if len(self._codes) > self._known:
            self._known = len(self._codes)
            self._keep(dict(self._codes))
