"""Credentials that may stand anywhere in a text, whatever its name is: none should be copied or shown.

They only must be likely, as a person sees what isn't copied; what is reported must be certain (`plain_secrets`).
"""

from __future__ import annotations

import re
from typing import Final

from scenedock.documents.plain_secrets import (
    is_likely_secret,
    is_name_of_object,
    is_reference,
    kind_of_secret,
    secrets_in_text,
)

_RANDOM: Final = r"(?=[^\s\"']{0,99}\d)[A-Za-z0-9._~+/%=-]"
_FORMS: Final = (
    r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.",  # a JSON Web Token
    rf"[Bb]earer[ \t]+{_RANDOM}{{16}}",
    r"[Bb]asic[ \t]+(?=\w{0,99}(?:[a-z][A-Z]|\d))[A-Za-z0-9+/]{8,}={0,2}",
    r"(?i:authorization[\"']?[ \t]*[:=][ \t]*[\"']?(?:basic|bearer|token|apikey)[ \t]+)[^\s\"'{}<>$*]{8}",
    r"(?i:account_?key|shared_?access_?key)[ \t]*=[ \t]*[^\s;\"'{}<>$*]{8}",  # Azure
    rf"[?&](?i:sig|signature|x-amz-signature|x-goog-signature|access_token|api_?key|token|key)={_RANDOM}{{12}}",
    r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w/-]{8}",
    r"(?:webhook\.office\.com/webhookb2|outlook\.office(?:365)?\.com/webhook)/[\w@-]{4}",
    r"discord(?:app)?\.com/api/webhooks/\d+/[\w-]{8}",
    r"hooks\.zapier\.com/hooks/catch/[\w/-]{6}",
    r"open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v\d/hook/[\w-]{8}",
    r"(?:bot)?\d{6,}:[\w-]{30}",  # a bot of Telegram
    r"\"(?:auth|identitytoken)\\?\"[ \t]*:[ \t]*\\?\"(?=\w{0,99}(?:[a-z][A-Z]|\d))[A-Za-z0-9+/=._-]{8}",  # Docker
    r"eyJhdXRocyI6",  # the same in base64
    r"AIza[\w-]{30}",
    r"ya29\.[\w-]{20}",
    r"(?:AKIA|ASIA)[A-Z0-9]{16}",
    r"AGE-SECRET-KEY-1[A-Z0-9]{20}",
    r"gl(?:agent|cbt|dt|ft|ptt|rt|soat)-[\w-]{20}",
    r"xapp-\d-[\w-]{20}",
    r"sk-(?=[\w-]{0,99}\d)[\w-]{20}",
    r"(?:ATATT3|dop_v1_|glsa_|hf_|shpat_)[\w=-]{24}",
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY",
    r"(?:curl|http|wget)\b[^\n]{0,200}?[ \t](?:-u|--user)[ \t=]*[\"']?[^\s:\"'{}<>$]+:[^\s\"'{}<>$*]{3}",
)
_CREDENTIAL = re.compile(rf"(?:(?<![A-Za-z0-9])|(?=[?&]))(?:{'|'.join(_FORMS)})")
_SHORTEST: Final = 8
# Forms of files and command lines in which a blank or a place says that something is a password.
_PLACES = re.compile(
    r"(?m)^[ \t]*(?:requirepass|masterauth|password)[ \t]+(?P<line>\S+)[ \t]*$|"  # Redis, MySQL
    r"(?<!\S)(?:login|account|machine)[ \t]+\S+[ \t]+password[ \t]+(?P<netrc>\S+)|"
    r"(?<!\S)(?:insecure-password)[ \t]+(?P<haproxy>\S+)|"
    r"^[\w.*-]+:(?:\d{2,5}|\*):[^:\s]+:[^:\s/]+:(?P<pgpass>[^\s:][^\s]*)$|"
    r"(?P<hash>\$(?:apr1|2[abxy]|argon2\w{1,2}|y|[156])\$[\w./$=,+-]{8,}|(?<=:)\{SSHA?\d*\}[\w+/=]{8,})|"
    r"(?<!\S)--(?:[\w-]*-)?(?:pass(?:word|phrase|wd)?|token|api-?key)[ \t]+(?P<option>[^\s\"'-][^\s\"']*)|"
    r"(?<!\S)-p[ \t]+(?P<short>[^\s\"'-][^\s\"']*)"
)
_FORM_TO_END = re.compile(rf"{_CREDENTIAL.pattern}[^\s\"'<>\\,;]*")
# Names in which the word isn't apart: PGPASS, apikey, authtoken; and names of what is random by its purpose.
_PASSWORD_NAME = re.compile(r"(?<!by)(?<!com)(?:pass|passwd|passphrase|pwd)\Z|passcode\Z", re.IGNORECASE)
_TOKEN_NAME = re.compile(
    r"(?:\A|[_.-]|(?-i:(?<=[a-z])(?=[A-Z])))(?:auth|credentials|hmac|pat|pepper|salt|signing)\Z|"
    r"(?:access|account|api|app|auth|encryption|license|master|private|secret|session|signing)[_.-]?key\Z|"
    r"secret\Z|token\Z",
    re.IGNORECASE,
)
# Names under which a plain word is a secret, too: no object of Kubernetes is named there.
_OF_ANY_WORD = re.compile(r"(?:[A-Z0-9_]+_)?(?:SECRET|TOKEN)|--(?:[\w-]*-)?token|_(?:auth|authToken|password)")
_REFERENCE_NAME = re.compile(r"existing|external|vault|sealed|encrypted", re.IGNORECASE)
_SAYS = re.compile(
    r"\b(?:pass(?:words?|wd|phrase)?|pwd?|secrets?|tokens?|credentials?|(?:access|api|private)[ _-]?keys?)\b([^\n]*)",
    re.IGNORECASE,
)


def has_credential(text: str, name: str = "") -> bool:
    """Whether a text has a credential by its form, or is one by its name.

    >>> has_credential("AccountKey=bm90IGEga2V5"), has_credential("abcd1234", "PGPASS"), has_credential("Basic login")
    (True, True, False)
    """
    if len(text) >= _SHORTEST and _CREDENTIAL.search(text):
        return True
    said = _spelled(name)
    return said != name and is_likely_secret(text, said)


def is_hidden(value: str, name: str) -> bool:
    """Whether all of a value must not be shown, by its form or by the name of its key, variable or option.

    >>> is_hidden("hunter", "DBPASS"), is_hidden("hunter2x", "-p"), is_hidden("8080", "-p"), is_hidden("basic", "auth")
    (True, True, False, False)
    """
    if name == "-p":
        return _is_short(value)
    return is_likely_secret(value, name) or is_likely_secret(value, _spelled(name))


def hidden_in_text(text: str) -> list[tuple[int, int]]:
    """Where in a text something is that must not be shown, in order, without overlaps.

    >>> [
    ...     text[start:end]
    ...     for text in ["requirepass hunter2x", "a //r/:_authToken=abc"]
    ...     for start, end in hidden_in_text(text)
    ... ]
    ['hunter2x', 'abc']
    """
    found = [*secrets_in_text(text, _spelled), *(each.span() for each in _FORM_TO_END.finditer(text))]
    for each in _PLACES.finditer(text):
        kind = each.lastgroup or ""
        value = each[kind]
        if kind == "hash" or (_is_short(value) if kind == "short" else not is_reference(value)):
            found.append(each.span(kind))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _spelled(name: str) -> str:
    """`password` or `token` where that is what a name says in other words; else the name."""
    if _REFERENCE_NAME.match(name):
        return name
    if _PASSWORD_NAME.search(name) or _OF_ANY_WORD.fullmatch(name):
        return "password"
    return "token" if _TOKEN_NAME.search(name) else name


def _is_short(value: str) -> bool:
    """Whether what follows `-p` is a password, and no port, path or name."""
    is_other = re.search(r"[/:.=]", value) or is_name_of_object(value)
    return not is_other and kind_of_secret(value, "password") == "a password"


def tells_password(prose: str) -> bool:
    """Whether a sentence that speaks of a password has a word behind it that may be one.

    >>> tells_password("passwd is: hunter22xx"), tells_password("the password is in the vault kv2")
    (True, False)
    """
    said = _SAYS.search(prose)
    words = re.split(r"[\s\"'`,;()=:]+", said[1]) if said else ()
    return any(kind_of_secret(word, "password") for word in words)
