"""Addresses: which can be a service's, and the credentials in some, `https://user:password@host/path`."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from scenedock.model.json import Json

REDACTED = "[redacted]"
"""What is shown instead of a secret."""

# A user without a password is one only in http(s), where tokens are written so (`ssh://git@host` has no secret). What
# stands between `://` and `/` decides, as in RFC 3986; but a password that somebody pasted may have a `/`, a `?` or a
# `#` itself: then what follows the first colon is no port.
_CREDENTIALS = re.compile(
    r"(?<=://)[^\s\"<>/?#:@]*:[^\s\"<>/?#]*@"
    r"|(?:(?<=http://)|(?<=https://))[^\s\"<>/?#]*@"
    r"|(?<=://)[^\s\"<>/?#:@\[\]]*:(?!\d*(?:[\s\"<>/?#,;]|$))[^\s\"<>]{0,200}@",
    re.IGNORECASE,
)


def is_base_address(url: str) -> bool:
    """Whether this is an http(s) address below which others can be: of a host, without a user and without a query.

    >>> is_base_address("https://backstage.acme.test/base"), is_base_address("backstage:7007")
    (True, False)
    """
    try:
        split = urlsplit(url)
    except ValueError:  # brackets that are no address of IPv6
        return False
    return split.scheme in {"http", "https"} and bool(split.hostname) and not (split.username or split.query)


def without_credentials(text: str) -> str:
    """A text with the user and password removed from every address in it.

    >>> without_credentials("https://jane:s3cret@github.com/acme/apps, ssh://git@github.com/acme/apps")
    'https://github.com/acme/apps, ssh://git@github.com/acme/apps'
    """
    return _CREDENTIALS.sub("", text) if "@" in text and "://" in text else text


def credentials_in(value: Json) -> list[tuple[str | int, ...]]:
    """The paths, as keys and indexes, of all strings in a value (keys included) that have credentials in an address.

    Every entity is searched, so the order of the type checks follows what readers produce, and strings without `@` are
    the cheapest case.
    """
    if isinstance(value, str):
        return [()] if "@" in value and without_credentials(value) != value else []
    paths: list[tuple[str | int, ...]] = []
    if isinstance(value, dict):
        for key, each in value.items():
            if "@" in key and without_credentials(key) != key:
                paths.append((key,))
            if not isinstance(each, str) or "@" in each:
                paths += [(key, *path) for path in credentials_in(each)]
    elif isinstance(value, (list, tuple)):
        for number, each in enumerate(value):
            paths += [(number, *path) for path in credentials_in(each)]
    return paths
