"""Credentials that may stand anywhere in a text, whatever its name is: of them, no copy should be made.

They only must be likely, as a person sees what isn't copied; what is reported must be certain (`plain_secrets`).
"""

from __future__ import annotations

import re
from typing import Final

from scenedock.documents.plain_secrets import is_likely_secret, kind_of_secret

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
# Names in which the word isn't apart: PGPASS, apikey, authtoken; and names of what is random by its purpose.
_PASSWORD_NAME = re.compile(r"(?<!by)(?<!com)(?:pass|passwd|passphrase|pwd)\Z", re.IGNORECASE)
_TOKEN_NAME = re.compile(
    r"(?:\A|[_.-])(?:hmac|pat|pepper|salt|signing)\Z|(?:access|api|auth|private|secret|signing)key\Z|secret\Z|token\Z",
    re.IGNORECASE,
)
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
    if _PASSWORD_NAME.search(name):
        return is_likely_secret(text, "password")
    return bool(_TOKEN_NAME.search(name)) and is_likely_secret(text, "token")


def tells_password(prose: str) -> bool:
    """Whether a sentence that speaks of a password has a word behind it that may be one.

    >>> tells_password("passwd is: hunter22xx"), tells_password("the password is in the vault kv2")
    (True, False)
    """
    said = _SAYS.search(prose)
    words = re.split(r"[\s\"'`,;()=:]+", said[1]) if said else ()
    return any(kind_of_secret(word, "password") for word in words)
