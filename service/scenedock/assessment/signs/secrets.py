"""Secrets in files: their places alone. Nothing of a value is ever told, not even its length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from scenedock.assessment.claims import Claim, Fact, Source
from scenedock.assessment.signs.services import CODE, CONFIGURATION, DOCKERFILES
from scenedock.assessment.signs.sign import is_comment, printed
from scenedock.documents.plain_secrets import kind_of_secret

_ASSIGNED: Final = re.compile(
    r"(?P<name>[A-Za-z_][\w.-]{0,80})['\"]?[\])]{0,2}[ \t]*"
    r"(?:=>|[:=]|(?:(?P<comma>,)|\{|\|\||\?\?|\bor\b)(?=[ \t]*['\"]))[ \t]*"
    r"(?:(?P<quote>['\"])(?P<quoted>(?:(?!(?P=quote))[^\n]){3,300})(?P=quote)|"
    r"(?P<plain>[^\s'\"#,;][^\s'\",;]{2,299})[ \t]*$)",
    re.MULTILINE,
)
# In a Dockerfile and in a shell: several may be in one line, and in a Dockerfile a blank may be the sign.
_EXPORTED: Final = re.compile(
    r"(?:(?<=[ \t])|^)(?P<name>[A-Za-z_]\w{0,80})=(?P<value>[^\s'\";&|]{3,300})(?=[\s;&\\]|$)|"
    r"^[ \t]*ENV[ \t]+(?P<env>[A-Za-z_]\w{0,80})[ \t]+(?P<set>[^\s'\"=]{3,300})[ \t]*$",
    re.MULTILINE,
)
_DEFAULT: Final = re.compile(r"\$\{(?P<name>[A-Za-z_][\w.-]{0,80}):-?(?P<value>[^\s${}'\"]{3,300})\}")
_CONNECTION: Final = re.compile(
    r"(?i)\b(?:password|pwd)[ \t]*=[ \t]*(?P<value>[^\s;'\"&<>$%{}]{3,100})(?=[\s;'\"&<]|$)"
)
_OF_CONNECTION: Final = re.compile(
    r"(?i)\b(?:host|server|data source|dbname|initial catalog|user ?id|uid)[ \t]*=|jdbc:"
)
_DRIVER: Final = re.compile(r"(?<![\w:/.@-])[\w.-]{1,60}:(?P<value>[^\s:@/'\"{}$%<>]{3,100})@(?:tcp|unix)\(")
_CONNECT: Final = re.compile(
    r"\b(?:new PDO|new mysqli|(?:mysqli?|maxdb)_p?connect)\([^\n]{0,200}?,[ \t]*['\"][^'\"\n]{0,80}['\"],[ \t]*"
    r"['\"](?P<value>[^'\"\n]{3,100})['\"]"
)
_MASTER_KEY: Final = re.compile(r"\A[0-9a-f]{32}\s*\Z")
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
_CALLS: Final = re.compile(r"^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$|^\w+::|^[:@#]")
_BEGINS_CALL: Final = re.compile(r"\([ \t]*['\"]\Z")
_MARKS: Final = re.compile(r"[()\[\]{}<>$|\\]")
_SHELL: Final = re.compile(rf"{DOCKERFILES.pattern}|.*\.(?:sh|bash)|(?:.*/)?\.env[\w.]*|.*\.service")
_DIGEST: Final = re.compile(r"[0-9a-f]{32,}|\$\w+\$.*")
_MOST_KEYS: Final = 100
_OF_KEY: Final = 200
_FACT: Final = (Fact("secrets_in_files", "yes"),)


def secret_claims(source: Source) -> Iterator[Claim]:
    """A claim for each line with a secret: a value that is certainly one, by its form or by the name that it has."""
    lines: set[int] = set()
    for match, said in sorted(_found(source), key=lambda each: each[0].start()):
        line = source.line_at(match.start())
        if line not in lines and not is_comment(source.path, source.line_text(match.start())):
            lines.add(line)
            yield Claim("secret-in-file", source.path, line, said, _FACT)


def _found(source: Source) -> Iterator[tuple[re.Match[str], str]]:
    """What is found, and what it is. Keys and tokens count in all files, what else there is in settings and code."""
    path, text = source.path, source.text
    is_settings, is_code = bool(CONFIGURATION.fullmatch(path)), bool(CODE.fullmatch(path))
    is_shell = bool(_SHELL.fullmatch(path))
    yield from _keys(source)
    yield from _of_form(_TOKEN, text)
    if not (is_settings or is_code or is_shell or re.fullmatch(r".*\.(?:pem|key|json|xml)", path)):
        return
    if "://" in text:
        yield from _of_form(_IN_ADDRESS, text)
    yield from _connections(text)
    yield from _assigned(_ASSIGNED, text, is_plain=is_settings and not is_code, is_strict=not is_settings)
    yield from _assigned(_DEFAULT, text, is_strict=not is_settings)
    if is_shell:
        yield from _assigned(_EXPORTED, text, is_plain=True, is_strict=False)


def _keys(source: Source) -> Iterator[tuple[re.Match[str], str]]:
    text = source.text
    if "PRIVATE KEY" in text:
        for match in islice(_KEY.finditer(text), _MOST_KEYS):
            if what := kind_of_secret(text[match.start() : match.end() + _OF_KEY], ""):
                yield match, what
    if re.fullmatch(r"(?:.*/)?config/(?:master|credentials/\w+)\.key", source.path) and (
        key := _MASTER_KEY.match(text)
    ):
        yield key, "the key of Rails' credentials"


def _of_form(pattern: re.Pattern[str], text: str) -> Iterator[tuple[re.Match[str], str]]:
    for match in pattern.finditer(text):
        if what := kind_of_secret(match[0], ""):
            yield match, what


def _connections(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Passwords in what connects to a database: in its text, or as an argument."""
    for match in _CONNECTION.finditer(text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()] + text[match.end() :].partition("\n")[0]
        if _OF_CONNECTION.search(line) and kind_of_secret(match["value"], "password"):
            yield match, "a password in what connects to a database"
    for pattern in (_DRIVER, _CONNECT):
        for match in pattern.finditer(text):
            if kind_of_secret(match["value"], "password"):
                yield match, "a password in what connects to a database"


def _assigned(
    pattern: re.Pattern[str], text: str, *, is_strict: bool, is_plain: bool = False
) -> Iterator[tuple[re.Match[str], str]]:
    """Values under a telling name. With `is_strict`, as in code, what looks like an expression isn't a value."""
    for match in pattern.finditer(text):
        groups = match.groupdict()
        name = groups.get("name") or groups.get("env") or ""
        value = groups.get("quoted") or groups.get("plain") or groups.get("value") or groups.get("set") or ""
        if not _TELLING.search(name) or _NO_SECRET.search(name) or (groups.get("plain") and not is_plain):
            continue
        if groups.get("comma") and not _BEGINS_CALL.search(text, max(0, match.start() - 40), match.start()):
            continue
        if _CALLS.search(value) or (is_strict and _MARKS.search(value)):
            continue
        if (what := kind_of_secret(value, name)) and not (what == "a password" and _DIGEST.fullmatch(value)):
            yield match, f"{printed(name)} is {what}"
