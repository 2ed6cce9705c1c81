"""Comments on pull requests: those that there are, and one that later runs of a pipeline replace."""

from __future__ import annotations

import re
from urllib.parse import quote

from scenedock.structs import dataclass

LONGEST_COMMENT = 65_536
"""Characters that a comment on GitHub has at most; GitLab takes a million."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment of ours on a pull request; `url` shows it."""

    id: int
    body: str
    url: str


@dataclass(frozen=True, slots=True)
class KeptComment:
    """What a pipeline says on a pull request about a `subject`, such as a folder; nothing, if there is nothing to say.

    `run` is greater for a later run of the pipeline: what it says stays, even if an earlier run ends after it. `part`
    are letters, where only a part is looked at: another job may have a comment about the rest.
    """

    subject: str
    run: int
    text: str
    part: str = ""

    @property
    def body(self) -> str:
        """The text below the line by which a later run finds it; on the page of the pull request, nobody sees that."""
        return f"<!-- scenedock ci {self._mark} run={self.run} -->\n{self.text.strip()}"

    def run_of(self, comment: Comment) -> int | None:
        """The run that wrote a comment; None if it isn't about this subject."""
        first = re.match(rf"<!-- scenedock ci {re.escape(self._mark)} run=(\d{{1,20}}) -->", comment.body)
        return int(first[1]) if first else None

    @property
    def _mark(self) -> str:
        """The subject, in which nothing can end the line, and the part; there is no `?` in a quoted subject."""
        return quote(self.subject, safe="/") + (f"?{self.part}" if self.part else "")
