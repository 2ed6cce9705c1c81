"""What rendered workloads lack: memory limits, and readiness probes where a Service sends requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from scenedock.manifests.objects import objects_in
from scenedock.manifests.rendered import Rendered
from scenedock.model.finding import Finding, Place
from scenedock.model.json import JsonObject, as_list, as_object, as_text, value_at
from scenedock.structs import dataclass

_LASTING: Final = frozenset({"DaemonSet", "Deployment", "ReplicaSet", "Rollout", "StatefulSet"})
_PODS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("Job", *_LASTING), ("spec", "template")),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
_HOOK: Final = "helm.sh/hook"


@dataclass(frozen=True, slots=True)
class _Container:
    """A container that lacks something, without the environment: the same in several is one finding."""

    repository: str
    service: str
    workload: str
    name: str


def find_in_workloads(
    rendered: Iterable[Rendered], places: Mapping[tuple[str, str, str | None], Place]
) -> Iterator[Finding]:
    """The findings, each with the environments that it is true for, at the place of the first.

    A namespace with a LimitRange gives limits itself. Hooks, such as Helm's tests, don't count.
    """
    without_limit: dict[_Container, list[str | None]] = defaultdict(list)
    without_probe: dict[_Container, list[str | None]] = defaultdict(list)
    for each in rendered:
        objects = list(objects_in(each.manifests))
        has_limits = any(one.get("kind") == "LimitRange" for one in objects)
        selectors = [as_object(value_at(one, ("spec", "selector"))) for one in objects if one.get("kind") == "Service"]
        for workload, pod, container, is_lasting in _containers(objects):
            key = _Container(each.repository, each.service, workload, as_text(container.get("name")))
            limits = as_object(value_at(container, ("resources", "limits")))
            if not limits.get("memory") and not has_limits:
                without_limit[key].append(each.environment)
            if is_lasting and _is_served(pod, container, selectors) and not container.get("readinessProbe"):
                without_probe[key].append(each.environment)
    for key, environments in without_limit.items():
        said = "has no memory limit: it can take the memory of its whole node"
        yield _finding("limits-missing", key, environments, said, places)
    for key, environments in without_probe.items():
        said = "has no readiness probe: a Service sends requests to it before it can answer"
        yield _finding("probes-missing", key, environments, said, places)


def _finding(
    code: str,
    container: _Container,
    environments: Sequence[str | None],
    said: str,
    places: Mapping[tuple[str, str, str | None], Place],
) -> Finding:
    names = ", ".join(dict.fromkeys(each for each in environments if each))
    where = f"{container.service} ({names})" if names else container.service
    message = f"{where}: container {container.name} of {container.workload} {said}"
    place = places.get((container.repository, container.service, environments[0]), Place(container.repository))
    what = "limits" if code == "limits-missing" else "probes"
    return Finding("warning", code, message, place, f"Set {what} in the values of its chart.")


def _containers(objects: Iterable[JsonObject]) -> Iterator[tuple[str, JsonObject, JsonObject, bool]]:
    """The workload's name, its pod, the container, and whether the workload lasts."""
    for each in objects:
        kind, metadata = as_text(each.get("kind")), as_object(each.get("metadata"))
        if kind in _PODS and _HOOK not in as_object(metadata.get("annotations")):
            pod = as_object(value_at(each, _PODS[kind]))
            for container in map(as_object, as_list(value_at(pod, ("spec", "containers")))):
                yield f"{kind} {as_text(metadata.get('name'))}", pod, container, kind in _LASTING


def _is_served(pod: JsonObject, container: JsonObject, selectors: Iterable[JsonObject]) -> bool:
    """Whether a Service selects the pod, and this is the container that answers: the only one with ports."""
    labels = as_object(value_at(pod, ("metadata", "labels")))
    with_ports = [each for each in map(as_object, as_list(value_at(pod, ("spec", "containers")))) if each.get("ports")]
    if with_ports != [container]:
        return False
    return any(selector and all(labels.get(key) == value for key, value in selector.items()) for selector in selectors)
