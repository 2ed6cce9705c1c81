"""Hosts that are written down: private addresses, names of internal networks, what stands under a key for a host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from scenedock.assessment.claims import Claim, Fact, Service, Source
from scenedock.assessment.signs.services import CODE, CONFIGURATION, is_compose, is_example, is_local, place_of
from scenedock.assessment.signs.sign import is_comment, printed

_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_PRIVATE: Final = re.compile(
    rf"(?P<before>[=:@/\"'\s(,\[])(?P<host>(?:10\.{_OCTET}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.{_OCTET}\.{_OCTET})"
    r"(?::(?P<port>\d{2,5}))?(?=[/\"'\s;,)\]]|$)(?!/\d)",
    re.MULTILINE,
)
_INTERNAL: Final = re.compile(
    r"(?:://|@|(?i:host|server|addr|url|endpoint|relay)\w*['\"]?\]?\)?[ \t]*(?:=>|"
    r"[:=,])[ \t]*)['\"]?(?:[^\s/@'\"<>]{1,100}@)?"
    r"(?P<host>[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)*\."
    r"(?:internal|local|lan|corp|intra|intranet|localdomain|(?:rds|cache)\.amazonaws\.com))(?::(?P<port>\d{2,5}))?"
    r"(?=[/'\"\s;,)\]]|$)",
    re.MULTILINE,
)
_UNDER_KEY: Final = re.compile(
    r"^[ \t]*(?:-[ \t]+|export[ \t]+|define\([ \t]*)?(?P<key>['\"]?[\w.\[\]'\"-]*?(?i:host|hostname|host_name|"
    r"server|relayhost|smtp_address)['\"]?)"
    r"[ \t]*(?:=>|[:=,])[ \t]*(?P<quote>['\"]?)(?P<host>localhost|127\.0\.0\.1|"
    r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)+\.?[a-z]{2,})"
    r"(?::(?P<port>\d{2,5}))?(?P=quote)\)?[,;]?[ \t]*(?:#.*)?$",
    re.MULTILINE,
)
_NOT_MEANT: Final = re.compile(
    r"(?i)host\.docker\.internal|.*\.svc\.cluster\.local|metadata\.google\.internal|cluster\.local|.*\.(?:ya?ml|"
    r"xml|json|rb|py|js|php|"
    r"java|log|conf|html?|sock|class|properties|crt|pem|key|txt|sh|png)"
)
_MAIL: Final = re.compile(r"(?<![\w.+-])(?<!/)(?:[\w.+-]+|&lt;\w+&gt;)@\Z")
_ON_OWN_MACHINE: Final = re.compile(
    r"(?i)\b(?:if|when|unless)\b[^\n]*(?<!not )\b(?:is_?local\w*|local_?dev|is_?dev\w*)|\.is_?local_?dev"
)
_IN_CONNECTION: Final = re.compile(r"(?i)(?:['\";\s](?:host|server|data source)=|@(?:tcp)?\()\Z")
_KINDS: Final = (
    (re.compile(r"(?i)smtp|mail"), "smtp"),
    (re.compile(r"(?i)redis"), "redis"),
    (re.compile(r"(?i)memcache"), "memcached"),
    (re.compile(r"(?i)ldap"), "ldap"),
    (re.compile(r"(?i)rabbit|amqp"), "rabbitmq"),
    (re.compile(r"(?i)elastic"), "elasticsearch"),
    (re.compile(r"(?i)solr"), "solr"),
    (re.compile(r"(?i)kafka"), "kafka"),
    (re.compile(r"(?i)mongo"), "mongodb"),
    (re.compile(r"(?i)postgres|pgsql"), "postgresql"),
    (re.compile(r"(?i)mysql|maria"), "mysql"),
    (re.compile(r"(?i)(?:^|[._-])(?:db|database|jdbc|sql)"), "database"),
)


def host_claims(source: Source) -> Iterator[Claim]:
    """The hosts in a file of settings or code; those in addresses of services are told with these."""
    is_settings = bool(CONFIGURATION.fullmatch(source.path)) and not is_compose(source.path)
    if not is_settings and not CODE.fullmatch(source.path):
        return
    seen: set[tuple[int, str]] = set()
    for pattern in (_UNDER_KEY, _INTERNAL, _PRIVATE) if is_settings else (_INTERNAL, _PRIVATE):
        for match in pattern.finditer(source.text):
            if is_local(match["host"]) and not _kind(match, source):
                continue
            at = match.start("host")
            line = source.line_at(at)
            if (line, match["host"]) not in seen and _is_meant(match, source, is_settings=is_settings):
                seen.add((line, match["host"]))
                yield _claim(match, source, line, is_settings=is_settings)


def _is_meant(match: re.Match[str], source: Source, *, is_settings: bool) -> bool:
    host, text = match["host"], source.line_text(match.start("host"))
    if is_comment(source.path, text) or is_example(host) or _NOT_MEANT.fullmatch(host) or "version" in text.lower():
        return False
    if re.search(
        r"(?:postgres\w*|mysql2?|mariadb|mongodb(?:\+srv)?|redis|rediss|amqps?|ldaps?|smtps?|sqlserver|memcached)://",
        text,
    ):
        return False  # the address of a service has a claim of its own
    before = source.text[max(0, match.start("host") - 80) : match.start("host")]
    if _MAIL.search(before) and not source.text.startswith((":", "/"), match.end()):
        return False  # an address of mail
    if _ON_OWN_MACHINE.search(
        "\n".join(source.text[max(0, match.start("host") - 400) : match.start("host")].split("\n")[-4:])
    ):
        return False
    if match.re is _PRIVATE and _IN_CONNECTION.search(before):
        return True
    quoted = match.re is not _PRIVATE or match["before"] in "\"'/@"
    return not host.endswith(".0") and (is_settings or quoted)


def _kind(match: re.Match[str], source: Source) -> str:
    """What kind of service its key names; empty if it doesn't say."""
    key = match["key"] if match.re is _UNDER_KEY else ""
    kind = next((kind for names, kind in _KINDS if key and names.search(key)), "")
    return kind or ("database" if source.path.endswith("config/database.yml") else "")


def _claim(match: re.Match[str], source: Source, line: int, *, is_settings: bool) -> Claim:
    host, port = match["host"], match["port"]
    address = printed(f"{host}:{port}" if port else host)
    key = match["key"].strip("'\"") if match.re is _UNDER_KEY else ""
    kind = _kind(match, source)
    facts: tuple[Fact, ...] = place_of(host) if kind in {"database", "postgresql", "mysql", "mongodb"} else ()
    service = Service(kind, address) if kind else Service("host", address)
    if is_local(host):  # without a kind it may be where it listens
        said = f"{printed(key)} is {address}"
        return Claim("service-on-same-machine", source.path, line, said, facts, service)
    rule = "host-in-configuration" if is_settings else "host-in-code"
    return Claim(
        rule, source.path, line, f"{printed(key)} is {address}" if key else f"the host {address}", facts, service
    )
