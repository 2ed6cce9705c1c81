"""Docker Compose: its services, the backing services among them, and rights on the host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from scenedock.assessment.claims import Claim, Fact, Service
from scenedock.assessment.signs.services import DATABASES, TITLES
from scenedock.assessment.signs.sign import printed
from scenedock.documents.reading import Document, read_documents
from scenedock.model.json import as_list, as_object

_IMAGES: Final = {
    "postgres": "postgresql", "postgresql": "postgresql", "postgis": "postgresql", "pgvector": "postgresql",
    "mysql": "mysql", "mysql-server": "mysql", "mariadb": "mysql", "percona": "mysql", "mongo": "mongodb",
    "mongodb": "mongodb", "redis": "redis", "valkey": "redis", "memcached": "memcached", "rabbitmq": "rabbitmq",
    "kafka": "kafka", "cp-kafka": "kafka", "elasticsearch": "elasticsearch", "opensearch": "opensearch",
    "solr": "solr", "minio": "object-store", "openldap": "ldap",
}  # fmt: skip
# What serves the machine beside the application: it isn't moved with it.
_OF_THE_MACHINE: Final = frozenset(
    "traefik nginx-proxy docker-gen acme-companion docker-letsencrypt-nginx-proxy-companion portainer portainer-ce "
    "watchtower autoheal dozzle cadvisor docker-socket-proxy diun ouroboros promtail filebeat fluentd "
    "fluent-bit metricbeat node-exporter otel-collector opentelemetry-collector "
    "opentelemetry-collector-contrib".split()
)
# The same, of names that an application may have as well: with who publishes them.
_OF_THE_MACHINE_BY: Final = re.compile(
    r"(?:.*/)?(?:(?:grafana|portainer|datadog|datadoghq)/agent|grafana/alloy|netdata/netdata|timberio/vector|"
    r"library/telegraf)|telegraf"
)
_PROFILES: Final = frozenset("dev development debug local test tests testing ci it qa e2e demo".split())
_MOST_SERVICES: Final = 200


def compose_claims(path: str, data: bytes) -> Iterator[Claim]:
    """What a file of Docker Compose says.

    Raises
    ------
    DocumentError   it isn't YAML
    """
    for document in read_documents(data):
        services = as_object(as_object(document.value).get("services"))
        for name in list(services)[:_MOST_SERVICES]:
            yield from _service(path, document, str(name))


def _service(path: str, document: Document, name: str) -> Iterator[Claim]:
    at = ("services", name)
    service = as_object(as_object(as_object(document.value)["services"])[name])
    profiles = as_list(service.get("profiles"))
    if profiles and all(isinstance(each, str) and each in _PROFILES for each in profiles):
        return
    image = service.get("image")
    line = document.line_of(at)
    if isinstance(image, str) and (kind := _IMAGES.get(_repository(image))):
        facts = (Fact("database", kind, 1),) if kind in DATABASES else ()
        said = f"the service {printed(name)} is {TITLES[kind]} ({printed(image)})"
        yield Claim("compose", path, document.line_of((*at, "image")), said, facts, Service(kind))
    else:
        yield Claim("compose", path, line, f"the service {printed(name)}")
    if isinstance(image, str) and "build" not in service and _is_of_the_machine(image):
        return
    if service.get("privileged") is True:
        yield Claim("host-access", path, document.line_of((*at, "privileged")), f"{printed(name)} is privileged")
    for key in ("network_mode", "pid", "ipc"):
        if service.get(key) == "host":
            yield Claim("host-access", path, document.line_of((*at, key)), f"{printed(name)}: {key} is host")
    for number, volume in enumerate(as_list(service.get("volumes"))):
        source = volume if isinstance(volume, str) else as_object(volume).get("source")
        if isinstance(source, str) and re.match(r"(?:/var)?/run/docker\.sock\b", source):
            said = f"{printed(name)} has the socket of Docker"
            yield Claim("host-access", path, document.line_of((*at, "volumes", number)), said)


def _is_of_the_machine(image: str) -> bool:
    folder, slash, name = image.partition("@")[0].lower().rpartition("/")
    whole = f"{folder}{slash}{name.partition(':')[0]}"
    return _repository(image) in _OF_THE_MACHINE or bool(_OF_THE_MACHINE_BY.fullmatch(whole))


def _repository(image: str) -> str:
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0].lower()
