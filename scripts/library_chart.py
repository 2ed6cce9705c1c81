"""Write what is generated of the skeleton `library-chart`: Kubernetes' definitions in its schema, and VALUES.md.

    python scripts/library_chart.py [--check] [SCHEMAS]

SCHEMAS is the file `_definitions.json` of a strict version of Kubernetes in the package `kubernetes-validate`; without
it the definitions stay as they are. Only names and types are taken: descriptions would make the schema ten times as
long. What Kubernetes says only in descriptions (which texts a field may have) is in `TEXTS`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

CHART: Final = Path(__file__).parents[1] / "cookiecutters" / "library-chart" / "{{ cookiecutter.name }}"
PREFIX: Final = "kubernetes."
ROOTS: Final = (
    "Affinity",
    "Container",
    "DeploymentStrategy",
    "EnvFromSource",
    "EnvVarSource",
    "HorizontalPodAutoscalerBehavior",
    "MetricSpec",
    "NetworkPolicyEgressRule",
    "NetworkPolicyPeer",
    "PodSecurityContext",
    "SecurityContext",
    "Toleration",
    "TopologySpreadConstraint",
    "Volume",
    "VolumeMount",
)
LEFT_OUT: Final = {"Volume": ("ephemeral",), "Container": ("resizePolicy", "restartPolicyRules")}
"""What would bring many more definitions for little."""
TEXTS: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("Container", "imagePullPolicy"): {"enum": ["IfNotPresent", "Always", "Never"]},
    ("Container", "restartPolicy"): {"enum": ["Always", "Never", "OnFailure"]},
    ("ContainerPort", "protocol"): {"enum": ["TCP", "UDP", "SCTP"]},
    ("ContainerPort", "containerPort"): {"minimum": 1, "maximum": 65535},
    ("DeploymentStrategy", "type"): {"enum": ["RollingUpdate", "Recreate"]},
    ("EnvVar", "name"): {"minLength": 1},
    ("NetworkPolicyPort", "protocol"): {"enum": ["TCP", "UDP", "SCTP"]},
    ("PodSecurityContext", "fsGroupChangePolicy"): {"enum": ["OnRootMismatch", "Always"]},
    ("SeccompProfile", "type"): {"enum": ["RuntimeDefault", "Unconfined", "Localhost"]},
    ("Toleration", "effect"): {"enum": ["", "NoSchedule", "PreferNoSchedule", "NoExecute"]},
    ("Toleration", "operator"): {"enum": ["Exists", "Equal", "Lt", "Gt"]},
    ("TopologySpreadConstraint", "whenUnsatisfiable"): {"enum": ["DoNotSchedule", "ScheduleAnyway"]},
    ("VolumeMount", "mountPath"): {"pattern": "^/"},
}
QUANTITY: Final = {
    "description": "A number with a unit of Kubernetes, such as 100m, 0.5, 128Mi or 2Gi",
    "type": ["number", "string"],
    "minimum": 0,
    "pattern": r"^([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$",
}
KEPT: Final = ("type", "items", "required", "additionalProperties", "enum", "minimum", "maximum")
WIDTH: Final = 120


def main() -> None:
    """Write the files, or with `--check` say whether they are written already."""
    arguments = [each for each in sys.argv[1:] if each != "--check"]
    if len(arguments) > 1:
        sys.exit(__doc__)
    file = CHART / "values.schema.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    if arguments:
        known = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))["$defs"]
        own = {name: value for name, value in schema["definitions"].items() if not name.startswith(PREFIX)}
        schema["definitions"] = own | definitions(known)
    for path, text in ((file, f"{written(schema)}\n"), (CHART / "VALUES.md", values_page(schema))):
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            sys.exit(f"{path.name} of the library chart is not what scripts/library_chart.py writes; run it")


def definitions(known: dict[str, Any]) -> dict[str, Any]:
    """The definitions that the roots need, by their names in our schema; `known` are Kubernetes' by full name."""
    by_name = {full.rpartition(".")[2]: known[full] for full in sorted(known, key=_is_stable)}
    needed: dict[str, Any] = {}
    waiting = list(ROOTS)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed[name] = _definition(name, by_name[name])
            waiting += [each.removeprefix(f"#/definitions/{PREFIX}") for each in _references(needed[name])]
    return {f"{PREFIX}{name}": needed[name] for name in sorted(needed)}


def _is_stable(full: str) -> tuple[bool, str]:
    """A key that puts `v1` and `v2` behind `v1beta1`: the last one of a name is taken."""
    version = full.split(".")[-2]
    return version.removeprefix("v").isdecimal(), version


def _definition(name: str, definition: dict[str, Any]) -> dict[str, Any]:
    if name == "Quantity":
        return QUANTITY
    if name == "IntOrString":
        return {"type": ["string", "integer"]}
    if not definition.get("properties"):
        return _field(definition)
    made: dict[str, Any] = {"type": "object", "additionalProperties": False}
    if required := definition.get("required"):
        made["required"] = required
    made["properties"] = {
        key: _field(value) | TEXTS.get((name, key), {})
        for key, value in definition["properties"].items()
        if key not in LEFT_OUT.get(name, ())
    }
    return made


def _field(definition: dict[str, Any]) -> dict[str, Any]:
    """A field without its description; `null` isn't kept, because Helm removes such a value."""
    if "$ref" in definition:
        return {"$ref": f"#/definitions/{PREFIX}{definition['$ref'].rpartition('.')[2]}"}
    made: dict[str, Any] = {key: definition[key] for key in KEPT if key in definition}
    if isinstance(made.get("type"), list):
        types = [each for each in made["type"] if each != "null"]
        made["type"] = types[0] if len(types) == 1 else types
    for key in ("items", "additionalProperties"):
        if isinstance(made.get(key), dict):
            made[key] = _field(made[key])
    return made


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from _references(each)


def written(value: Any, indent: str = "") -> str:
    """JSON in which what is short is in one line."""
    flat = _flat(value)
    if not isinstance(value, dict | list) or not value or len(indent) + len(flat) <= WIDTH - 20:
        return flat
    deeper = f"{indent}  "
    if isinstance(value, dict):
        lines = [f"{deeper}{json.dumps(key)}: {written(each, deeper)}" for key, each in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return "[\n" + ",\n".join(f"{deeper}{written(each, deeper)}" for each in value) + f"\n{indent}]"


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{json.dumps(key)}: {_flat(each)}" for key, each in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flat, value))}]"
    return json.dumps(value, ensure_ascii=False)


def values_page(schema: dict[str, Any]) -> str:
    """A page with each value, its default and its description."""
    defaults = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    rows = ["# Values", "", "All of them are under the key `workload` of a service's values.", ""]
    rows += ["| value | default | what it is |", "| --- | --- | --- |"]
    rows += [
        f"| `{name}` | {_cell(default)} | {description} |"
        for name, default, description in _rows(schema["properties"], defaults, "")
        if name != "global"
    ]
    return "\n".join(rows) + "\n"


def _rows(properties: dict[str, Any], defaults: dict[str, Any], above: str) -> Iterator[tuple[str, Any, str]]:
    for key, value in properties.items():
        name, default = f"{above}{key}", defaults.get(key)
        if "description" not in value and isinstance(default, dict) and value.get("properties"):
            yield from _rows(value["properties"], default, f"{name}.")
        elif "description" in value:
            yield name, default, value["description"]
        else:
            sys.exit(f"values.schema.json: {name} has no description")


def _cell(default: Any) -> str:
    text = json.dumps(default, ensure_ascii=False)
    return f"`{text}`" if default not in (None, "") else ""


if __name__ == "__main__":
    main()
