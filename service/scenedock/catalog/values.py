"""What merged Helm values say about a deployment: hosts it addresses, hosts it answers to, ports, owner.

Only parsed scalars count, and only whole ones: a URL inside a comment or in the middle of an embedded configuration
file is no evidence, and neither is a host that a template would still change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scenedock.model.helm import ValuesFacts
from scenedock.model.json import Json, JsonObject, as_object, as_text

KUBERNETES_ID = "backstage.io/kubernetes-id"

_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_URL = re.compile(rf"^[a-z][a-z0-9+.-]*://(?:[^\s/@]*@)?(?P<host>{_HOST})(?::\d+)?(?:[/?#]\S*)?$", re.IGNORECASE)
_HOST_PORT = re.compile(rf"^(?P<host>{_HOST}):\d{{2,5}}$")
_BARE_HOST = re.compile(rf"^{_HOST}$")
# DNS names have at most 253 characters; what is longer than a URL can be isn't looked at.
_LONGEST_HOST = 253
_LONGEST_URL = 2000
_CLUSTER_NAME = re.compile(r"\.svc(\.[a-z0-9.-]+)?$")
_CRON = re.compile(r"^(@(hourly|daily|weekly|monthly|yearly|annually|midnight)|[\d*/,?LW-]+(\s+[\w*/,?#-]+){4,5})$")
_IMAGE_KEY = re.compile(r"^(repository|tag|registry|digest)$|image(s|name|tag)?$")
# Where others may come from, or are sent back to: they need this deployment, not the other way round.
_CALLER_KEY = re.compile(r"redirect|callback|logout|(allowed|trusted)origin|origins$|^cors")
_PORT_KEYS = frozenset({"containerport", "containerports", "port", "ports", "targetport", "appport", "httpport"})
_OWNER_KEYS = frozenset({"owner", "ownerinfo", "ownership"})
_OWNER_FIELDS = ("team", "group", "owner", "name")
_SEPARATORS = re.compile(r"[-_. ]")


def merge_values(base: JsonObject, overlay: JsonObject) -> JsonObject:
    """Helm's merge of one values file over another: maps merge, `null` removes a key, anything else replaces."""
    merged = dict(base)
    for key, value in overlay.items():
        below = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[key] = merge_values(below, value)
        else:
            merged[key] = value
    return merged


@dataclass(slots=True)
class _Seen:
    hosts: set[str] = field(default_factory=set)
    ingress_hosts: set[str] = field(default_factory=set)
    exposed: bool = False
    scheduled: bool = False
    kubernetes_id: str = ""


def read_values(values: JsonObject) -> ValuesFacts:
    """The facts of one environment's merged values."""
    seen = _Seen()
    _walk(values, "", seen, in_ingress=False)
    return ValuesFacts(
        hosts=frozenset(seen.hosts - seen.ingress_hosts),
        ingress_hosts=frozenset(seen.ingress_hosts),
        exposed=seen.exposed,
        scheduled=seen.scheduled,
        owner=_owner_of(values),
        fullname=as_text(values.get("fullnameOverride")),
        kubernetes_id=seen.kubernetes_id,
        labels=frozenset(
            (key, value)
            for key, value in as_object(values.get("commonLabels")).items()
            if isinstance(value, str) and "{{" not in value
        ),
    )


def _walk(value: Json, key: str, seen: _Seen, *, in_ingress: bool) -> None:
    word = _SEPARATORS.sub("", key).lower()
    if isinstance(value, Mapping):
        if word in {"service", "ingress"} and value and value.get("enabled") is not False:
            seen.exposed = True
        in_ingress = in_ingress or word == "ingress"
        name = as_text(value.get("name"))
        for child, below in value.items():
            # A list of {name, value} pairs is how Kubernetes writes a map of environment variables.
            named = name if child == "value" and name else child
            _walk(below, named, seen, in_ingress=in_ingress)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for below in value:
            _walk(below, key, seen, in_ingress=in_ingress)
    elif isinstance(value, str):
        _scalar(value.strip(), key, word, seen, in_ingress=in_ingress)
    elif word in _PORT_KEYS and isinstance(value, int) and not isinstance(value, bool):
        seen.exposed = True


def _scalar(text: str, key: str, word: str, seen: _Seen, *, in_ingress: bool) -> None:
    if not text or "{{" in text or "${" in text or _IMAGE_KEY.search(word):
        return
    if key == KUBERNETES_ID:
        seen.kubernetes_id = text
    elif word in {"schedule", "cronschedule", "cron"}:
        seen.scheduled = seen.scheduled or bool(_CRON.match(text))
    elif word in _PORT_KEYS and text.isdigit():
        seen.exposed = True
    elif in_ingress and word in {"host", "hosts", "hostname", "hostnames", "name"} and _BARE_HOST.match(text):
        seen.ingress_hosts.add(text.lower())
    elif not _CALLER_KEY.search(word):
        seen.hosts.update(_hosts_in(text, word))


def _hosts_in(text: str, word: str) -> Sequence[str]:
    """The hosts that a scalar names; none unless the whole of it is one, or several with commas between."""
    parts = [part.strip() for part in text.split(",")]
    hosts = [_host_of(part, word) for part in parts if part]
    return hosts if all(hosts) else ()


def _host_of(text: str, word: str) -> str:
    """The host of a URL, a `host:port`, an in-cluster name, or a bare name under a host's key; empty for all else."""
    if len(text) > _LONGEST_URL:
        return ""
    if match := _URL.match(text) or _HOST_PORT.match(text):
        return match["host"].lower()
    if len(text) > _LONGEST_HOST or not _BARE_HOST.match(text):
        return ""
    return text.lower() if _CLUSTER_NAME.search(text) or word.endswith(("host", "hostname", "url")) else ""


def _owner_of(values: JsonObject) -> str:
    """The team in an `owner-info`-like block (or a plain `owner: team`) at the top of the values."""
    for scope in (values, as_object(values.get("global"))):
        for key in sorted(scope):
            if _SEPARATORS.sub("", key).lower() not in _OWNER_KEYS:
                continue
            block = scope[key]
            if isinstance(block, str):
                return block.strip()
            for name in _OWNER_FIELDS:
                if text := as_text(as_object(block).get(name)):
                    return text
    return ""
