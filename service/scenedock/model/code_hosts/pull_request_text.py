"""The text of a pull request of ours: what a program writes, and what a person adds to it."""

from __future__ import annotations

from scenedock.model.code_hosts.commit import Attempt, replaced_trailers, without_trailers

_BEGIN = "<!-- scenedock: written again with each change -->"
_END = "<!-- scenedock: end -->"
_RULE = "---"


def text_of(body: str, attempt: Attempt, *, replaced_later: bool = False) -> str:
    """The text of a new pull request: a body, then the trailers.

    If it is `replaced_later`, marks that Markdown doesn't show are around the body, so that a person may write before
    and after it.
    """
    text = body.strip()
    if text and replaced_later:
        text = f"{_BEGIN}\n{text}\n{_END}"
    return "\n\n".join(filter(None, (text, f"{_RULE}\n{attempt.text_trailers}")))


def renewed(text: str, body: str, attempt: Attempt) -> str:
    """The text of a pull request with a new body and the trailers of this attempt; what a person wrote around it stays.

    The trailers also name the changes that were replaced. Without the marks of `text_of`, the text stays if it has the
    body already; else all of it is replaced.
    """
    rest = without_trailers(text).removesuffix(_RULE).rstrip()
    before, begin, inner = rest.partition(_BEGIN)
    _, end, after = inner.partition(_END)
    if begin and end:
        kept = f"{before}{_BEGIN}\n{body.strip()}\n{_END}{after}"
    elif body.strip() in rest:
        kept = rest
    else:
        kept = f"{_BEGIN}\n{body.strip()}\n{_END}"
    trailers = "\n".join(filter(None, (attempt.text_trailers, replaced_trailers(text, attempt))))
    return "\n\n".join(filter(None, (kept.strip(), f"{_RULE}\n{trailers}")))
