"""Secrets in files: their places alone. Nothing of a value is ever told, not even its length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from scenedock.assessment.claims import Claim, Fact, Source
from scenedock.assessment.signs.services import CODE, CONFIGURATION
from scenedock.assessment.signs.sign import printed
from scenedock.documents.plain_secrets import kind_of_secret

_ASSIGNED: Final = re.compile(
    r"(?P<name>[A-Za-z_][\w.-]{0,80})['\"]?\]?[ \t]*(?:=>|[:=]|,(?=[ \t]*['\"]))[ \t]*"
    r"(?:(?P<quote>['\"])(?P<quoted>[^'\"\n]{3,300})(?P=quote)|(?P<plain>[^\s'\"#,;]{3,300})[ \t]*$)",
    re.MULTILINE,
)
_TELLING: Final = re.compile(r"(?i)pass|pwd|secret|token|key|credential")
_NO_SECRET: Final = re.compile(
    r"(?i)hash|digest|salt|public|site_?key|label|message|text|title|url|field|column|param|regex|pattern"
)
_IN_ADDRESS: Final = re.compile(
    r"(?<![\w+-])[a-z][a-z0-9+.-]{1,20}://[^\s/:@'\"<>{}$]{0,60}:[^\s/@'\"<>{}$]{3,100}@[\w.-]+", re.IGNORECASE
)
_KEY: Final = re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY(?: BLOCK)?-----")
_TOKEN: Final = re.compile(
    r"(?:dckr_pat_|gh[opsur]_|github_pat_|glpat-|npm_|pypi-AgE|SG\.|xox[abeoprs]-|[rs]k_live_|hvs\.)[\w.-]{10,200}"
)
_CALLS: Final = re.compile(r"[()\[\]{}<>$|\\]|^\w+(?:\.\w+)+$|^\w+::|^[:@#]")
_DIGEST: Final = re.compile(r"[0-9a-f]{32,}|\$\w+\$.*")
_COMMENT: Final = re.compile(r"\s*(?:#|//|\*|<!--|--|;|/\*)")
_MOST_KEYS: Final = 100
_OF_KEY: Final = 200
_FACT: Final = (Fact("secrets_in_files", "yes"),)


def secret_claims(source: Source) -> Iterator[Claim]:
    """A claim for each line with a secret: a value that is certainly one, by its form or by the name that it has."""
    is_settings = bool(CONFIGURATION.fullmatch(source.path))
    if (
        not is_settings
        and not CODE.fullmatch(source.path)
        and not re.fullmatch(r".*\.(?:pem|key|json|xml)", source.path)
    ):
        return
    lines: set[int] = set()
    for match, said in sorted(
        _found(source.text, is_plain=is_settings and not CODE.fullmatch(source.path)), key=lambda each: each[0].start()
    ):
        line = source.line_at(match.start())
        if line not in lines and not _COMMENT.match(source.line_text(match.start())):
            lines.add(line)
            yield Claim("secret-in-file", source.path, line, said, _FACT)


def _found(text: str, *, is_plain: bool) -> Iterator[tuple[re.Match[str], str]]:
    if "PRIVATE KEY" in text:
        for match in islice(_KEY.finditer(text), _MOST_KEYS):
            if what := kind_of_secret(text[match.start() : match.end() + _OF_KEY], ""):
                yield match, what
    for pattern in (_TOKEN, _IN_ADDRESS) if "://" in text else (_TOKEN,):
        for match in pattern.finditer(text):
            if what := kind_of_secret(match[0], ""):
                yield match, what
    for match in _ASSIGNED.finditer(text):
        name, value = match["name"], match["quoted"] or match["plain"]
        if (
            not _TELLING.search(name)
            or _NO_SECRET.search(name)
            or (match["quoted"] is None and not is_plain)
            or _CALLS.search(value)
        ):
            continue
        if (what := kind_of_secret(value, name)) and not (what == "a password" and _DIGEST.fullmatch(value)):
            yield match, f"{printed(name)} is {what}"
