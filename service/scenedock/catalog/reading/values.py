"""What merged Helm values say about a deployment: hosts it addresses, hosts it answers to, ports, owner.

Only parsed scalars count, and only whole ones: a URL inside a comment or in the middle of an embedded configuration
file is not used as evidence, nor is a host that a template would still change.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import repeat

from scenedock.model.addresses import without_credentials
from scenedock.model.helm import ValuesFacts
from scenedock.model.json import Json, JsonObject, as_object, as_text
from scenedock.structs import dataclass

KUBERNETES_ID = "backstage.io/kubernetes-id"

_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
# A final dot, as of `billing.shop.svc.cluster.local.`, is DNS for a name that is whole.
_URL = re.compile(rf"^[a-z][a-z0-9+.-]*://(?:[^\s/@]*@)?(?P<host>{_HOST})\.?(?::\d+)?(?:[/?#]\S*)?$", re.IGNORECASE)
_HOST_PORT = re.compile(rf"^(?P<host>{_HOST})\.?:\d{{2,5}}$")
_BARE_HOST = re.compile(rf"^{_HOST}\.?$")
# DNS names have at most 253 characters; what is longer than a URL can be isn't looked at.
_LONGEST_HOST = 253
_LONGEST_URL = 2000
_CLUSTER_NAME = re.compile(r"\.svc(\.[a-z0-9.-]*)?$")
_CRON = re.compile(r"^(@(hourly|daily|weekly|monthly|yearly|annually|midnight)|[\d*/,?LW-]+(\s+[\w*/,?#-]+){4,5})$")
_IMAGE_KEY = re.compile(r"^(repository|tag|registry|digest)$|image(s|name|tag)?$")
# Where others may come from, or are sent back to: they need this deployment, not the other way round.
_CALLER_KEY = re.compile(r"redirect|callback|logout|(allowed|trusted)origin|origins$|^cors")
_PORT_KEYS = frozenset({"containerport", "containerports", "port", "ports", "targetport", "appport", "httpport"})
_SCHEDULE_KEYS = frozenset({"schedule", "cronschedule", "cron"})
_INGRESS_HOST_KEYS = frozenset({"host", "hosts", "hostname", "hostnames", "name"})
_OWNER_KEYS = frozenset({"owner", "ownerinfo", "ownership"})
_OWNER_FIELDS = ("team", "group", "owner", "name")
_SEPARATORS = re.compile(r"[-_. ]")


@dataclass(frozen=True, slots=True, eq=False)
class _Sign:
    """What one value shows, by its place; most show nothing."""

    hosts: tuple[str, ...] = ()
    ingress_host: str = ""
    kubernetes_id: str = ""


_EXPOSING = frozenset({"service", "ingress"})
_EXPOSED = _Sign()
_SCHEDULED = _Sign()


def read_values(values: JsonObject) -> ValuesFacts:
    """The facts of one environment's merged values."""
    return read_environments({"": values})[""]


def read_environments(merged: Mapping[str, JsonObject]) -> dict[str, ValuesFacts]:
    """The facts of the merged values of each environment; what several share is looked at once."""
    look = _Look()
    return {
        environment: _facts(values, look.signs(values, "", in_ingress=False)) for environment, values in merged.items()
    }


def _facts(values: JsonObject, signs: Collection[_Sign]) -> ValuesFacts:
    ingress_hosts = {sign.ingress_host for sign in signs if sign.ingress_host}
    return ValuesFacts(
        hosts=frozenset({host for sign in signs for host in sign.hosts} - ingress_hosts),
        ingress_hosts=frozenset(ingress_hosts),
        exposed=_EXPOSED in signs,
        scheduled=_SCHEDULED in signs,
        owner=without_credentials(_owner_of(values)),
        fullname=as_text(values.get("fullnameOverride")),
        kubernetes_id=next((sign.kubernetes_id for sign in signs if sign.kubernetes_id), ""),
        labels=frozenset(
            (key, value)
            for key, value in as_object(values.get("commonLabels")).items()
            if isinstance(value, str) and "{{" not in value
        ),
    )


def keys_of_sign(values: JsonObject, sign: str) -> tuple[str | int, ...]:
    """The path of the first value that gives a sign: a host, `exposed` or `scheduled`; empty where none does."""

    def shows(name: str, value: Json, *, in_ingress: bool) -> bool:
        seen = _Look().signs({name: value}, "", in_ingress=in_ingress)
        if sign == "exposed":
            return any(each is _EXPOSED for each in seen)
        if sign == "scheduled":
            return any(each is _SCHEDULED for each in seen)
        return any(sign in each.hosts or sign == each.ingress_host for each in seen)

    keys: list[str | int] = []
    value: Json = values
    name, in_ingress = "", False
    while True:
        for key, child, below in _children(value, name):
            if shows(child, below, in_ingress=in_ingress):
                keys.append(key)
                name, value = child, below
                in_ingress = in_ingress or _key(child).word == "ingress"
                break
        else:
            return tuple(keys)


def _children(value: Json, name: str) -> Iterator[tuple[str | int, str, Json]]:
    """The key or number, the name and the value of each child of a value of this name, as `_Look` sees them."""
    if isinstance(value, list):
        yield from ((number, name, below) for number, below in enumerate(value))
    elif isinstance(value, dict):
        pair = as_text(value.get("name")) if "value" in value else ""
        yield from ((key, pair if pair and key == "value" else key, below) for key, below in value.items())


# Every value of a repository goes through what follows, and most of them again and again. So what a key, a scalar or a
# container tells is kept, and types are asked for as readers make them: to ask for a Mapping or a Sequence costs ten
# times as much.


class _Look:
    """Looks at values for signs. All of them have to live as long as this does."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, str, bool], Mapping[_Sign, None]] = {}

    def signs(self, container: JsonObject | list[Json], name: str, *, in_ingress: bool) -> Mapping[_Sign, None]:
        """What a mapping or list under a key of this name shows, each sign once."""
        seen = self._seen
        shown: dict[_Sign, None] = {}
        pair = ""
        children: Iterable[tuple[str, Json]]
        if isinstance(container, list):
            children = zip(repeat(name), container)
        else:
            word = _key(name).word
            if word in _EXPOSING and container and container.get("enabled") is not False:
                shown[_EXPOSED] = None
            in_ingress = in_ingress or word == "ingress"
            if "value" in container:
                # A list of {name, value} pairs is how Kubernetes writes a map of environment variables.
                pair = as_text(container.get("name"))
            children = container.items()
        for key, value in children:
            below = pair if pair and key == "value" else key
            if type(value) is str:
                sign = (_kept_sign if len(value) <= _LONGEST_HOST else _sign)(value, below, in_ingress)
                if sign:
                    shown[sign] = None
            elif type(value) is dict or type(value) is list:
                place = id(value), below, in_ingress
                signs = seen.get(place)
                if signs is None:
                    signs = seen[place] = self.signs(value, below, in_ingress=in_ingress)
                shown.update(signs)
            elif type(value) is int and _key(below).is_port:
                shown[_EXPOSED] = None
        return shown


@dataclass(frozen=True, slots=True)
class _Key:
    """What a key says of the values under it."""

    word: str
    is_image: bool
    is_port: bool
    is_schedule: bool
    is_host: bool
    is_caller: bool
    is_ingress_host: bool


@lru_cache(maxsize=4096)
def _key(name: str) -> _Key:
    """A key without its writer's style: `containerPort`, `container-port` and `container_port` are one."""
    word = _SEPARATORS.sub("", name).lower()
    return _Key(
        word,
        is_image=_IMAGE_KEY.search(word) is not None,
        is_port=word in _PORT_KEYS,
        is_schedule=word in _SCHEDULE_KEYS,
        is_host=word.endswith(("host", "hostname", "url")),
        is_caller=_CALLER_KEY.search(word) is not None,
        is_ingress_host=word in _INGRESS_HOST_KEYS,
    )


@lru_cache(maxsize=4096)
def _is_owner_key(name: str) -> bool:
    return _key(name).word in _OWNER_KEYS


def _sign(value: str, name: str, in_ingress: bool) -> _Sign | None:  # noqa: FBT001 - a cache takes no keywords quickly
    text, key = value.strip(), _key(name)
    if not text or key.is_image or "{{" in text or "${" in text:
        return None
    if name == KUBERNETES_ID:
        return _Sign(kubernetes_id=text)
    if key.is_schedule:
        return _SCHEDULED if _CRON.match(text) else None
    if key.is_port and text.isdigit():
        return _EXPOSED
    if in_ingress and key.is_ingress_host and _BARE_HOST.match(text):
        return _Sign(ingress_host=text.lower().rstrip("."))
    hosts = () if key.is_caller else _hosts_in(text, key)
    return _Sign(hosts) if hosts else None


_kept_sign = lru_cache(maxsize=16384)(_sign)


def _hosts_in(text: str, key: _Key) -> tuple[str, ...]:
    """The hosts that a scalar names; none unless the whole of it is one, or several with commas between."""
    hosts = tuple(_host_of(part, key) for each in text.split(",") if (part := each.strip()))
    return hosts if all(hosts) else ()


def _host_of(text: str, key: _Key) -> str:
    """The host of a URL, a `host:port`, an in-cluster name, or a bare name under a host's key; empty for all else."""
    if ":" in text:
        match = (_URL.match(text) or _HOST_PORT.match(text)) if len(text) <= _LONGEST_URL else None
        return match["host"].lower() if match else ""
    if len(text) > _LONGEST_HOST or not (key.is_host or _CLUSTER_NAME.search(text)):
        return ""
    return text.lower().rstrip(".") if _BARE_HOST.match(text) else ""


def _owner_of(values: JsonObject) -> str:
    """The team in an `owner-info`-like block (or a plain `owner: team`) at the top of the values."""
    for scope in (values, as_object(values.get("global"))):
        for key in sorted(filter(_is_owner_key, scope)):
            block = scope[key]
            if isinstance(block, str):
                return block.strip()
            for name in _OWNER_FIELDS:
                if text := as_text(as_object(block).get(name)):
                    return text
    return ""
