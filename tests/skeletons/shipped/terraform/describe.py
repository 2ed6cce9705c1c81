"""Write what tests know of others' modules and providers, names and types: modules.json and schemas.json.

Run by hand when a pinned version changes: `python describe.py CLONES PACKAGES`. CLONES holds a git clone
`terraform-aws-NAME` of each repository in MODULES; PACKAGES is a folder where npm has installed the packages in
PROVIDERS, which were generated from the providers' own schemas.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MODULES = {
    "eks": ("21.19.0", ["", "modules/capability"]),
    "eks-pod-identity": ("2.8.1", [""]),
    "iam": ("6.5.0", ["modules/iam-oidc-provider", "modules/iam-role"]),
    "kms": ("4.2.0", [""]),
    "s3-bucket": ("5.15.4", [""]),
    "vpc": ("6.6.0", ["", "modules/vpc-endpoints"]),
}
PROVIDERS = {
    "hashicorp/aws": ("@cdktf/provider-aws", "21.22.1"),
    "hashicorp/helm": ("@cdktf/provider-helm", "12.1.2"),
    "integrations/github": ("@cdktf/provider-github", "15.3.1"),
    "gitlabhq/gitlab": ("@cdktf/provider-gitlab", "15.6.2"),
}
USED = {
    "hashicorp/aws": (
        ["ebs_encryption_by_default", "eks_access_policy_association"],
        ["availability_zones", "caller_identity", "eks_cluster", "iam_roles", "partition", "subnets", "vpc"],
    ),
    "hashicorp/helm": (["release"], []),
    "integrations/github": (["repository", "repository_ruleset"], []),
    "gitlabhq/gitlab": (["project"], ["group"]),
}
TYPES: dict[str, Any] = {
    "boolean": "bool",
    "number": "number",
    "string": "string",
    "booleanMap": ["map", "bool"],
    "numberList": ["list", "number"],
    "stringList": ["list", "string"],
    "stringMap": ["map", "string"],
}


def blocks(text: str, kind: str) -> Iterator[tuple[str, str]]:
    """The name and the content of each block of a kind at the beginning of a line."""
    for found in re.finditer(rf'^{kind} "(\w+)" {{\n(.*?)^}}', text, re.MULTILINE | re.DOTALL):
        yield found[1], found[2]


def type_of(content: str) -> str:
    """The type of a variable in one line, without comments."""
    found = re.search(r"^  type\s*=\s*(.*)", content, re.MULTILINE | re.DOTALL)
    if not found:
        return "any"
    depth, taken = 0, []
    for line in found[1].splitlines():
        code = line.split(" #")[0].strip()
        if code.startswith("#"):
            continue
        taken.append(code)
        depth += sum(map(code.count, "({[")) - sum(map(code.count, ")}]"))
        if not depth:
            break
    lines = "\n".join(each for each in taken if each)
    return re.sub(r"\s+", " ", re.sub(r"\n(?![)}\]])", ", ", lines).replace("{, ", "{ ").replace("({,", "({"))


def describe_module(clone: Path, version: str, folder: str) -> dict[str, Any]:
    def show(file: str) -> str:
        command = ["git", "-C", str(clone), "show", f"v{version}:{folder and f'{folder}/'}{file}"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    variables = {
        name: {"type": type_of(content), "required": not re.search(r"^  default\s*=", content, re.MULTILINE)}
        for name, content in blocks(show("variables.tf"), "variable")
    }
    outputs = [name for name, _ in blocks(show("outputs.tf"), "output")]
    return {"version": version, "variables": variables, "outputs": outputs}


class Generated:
    """A module of a package: classes for one resource, with what the provider's schema says of it."""

    def __init__(self, text: str, *, nested: bool) -> None:
        self.text = text
        self.nested = nested
        """Whether the provider has nested attributes instead of blocks."""

    def root(self) -> dict[str, Any]:
        body = self.text[self.text.index("// ATTRIBUTES") :] if "// ATTRIBUTES" in self.text else self.text
        return self._described(body, body.partition("synthesizeHclAttributes() {")[2], computed_too=True)

    def _inner(self, function: str) -> dict[str, Any]:
        mapped = self.text.partition(f"function {function}(struct) {{")[2].partition("\n}\n")[0]
        name = function.removesuffix("ToHclTerraform")
        reference = name[0].upper() + name[1:] + "OutputReference"
        body = self.text.partition(f"class {reference} ")[2].partition("\n}\n")[0]
        return self._described(body, mapped, computed_too=False)

    def _described(self, body: str, synthesized: str, *, computed_too: bool) -> dict[str, Any]:
        uses = {
            name: [use for use, said in zip(("computed", "optional", "required"), flags, strict=True) if said == "true"]
            for name, *flags in re.findall(r"// (\w+) - computed: (\w+), optional: (\w+), required: (\w+)", body)
        }
        described: dict[str, Any] = {"attributes": {}}
        setting = r"^ +(\w+): \{\n +value: (.*),\n +isBlock: (\w+),\n +type: \"(\w+)\",\n +storageClassType: \"(\w+)\""
        settable = re.findall(setting, synthesized, re.MULTILINE)
        for name, value, is_block, kind, storage in settable:
            use = uses.get(name, ["optional"])
            if is_block == "true":
                (function,) = re.findall(r"(\w+ToHclTerraform)\b", value.removeprefix("cdktf."))[:1]
                nesting = "single" if kind == "struct" else kind
                inner = self._inner(function)
                if self.nested:
                    described["attributes"][name] = {"use": use, "nesting": nesting, **inner}
                else:
                    block = {"nesting": "list" if nesting == "single" else nesting, **inner}
                    described.setdefault("blocks", {})[name] = block
            else:
                type_ = TYPES[storage] if kind != "set" else ["set", TYPES[storage][1]]
                described["attributes"][name] = {"use": use, "type": type_}
        if computed_too:
            for name, use in uses.items():
                if use == ["computed"] and name not in described["attributes"]:
                    described["attributes"][name] = {"use": use, "type": self._computed(name)}
        return described

    def _computed(self, name: str) -> Any:
        """The type of what only the provider sets; of structures, unknown to the generated code's surface."""
        getters = {"String": "string", "Number": "number", "Boolean": "bool", "List": ["list", "string"]}
        if re.search(rf"Fn\.tolist\(this\.getListAttribute\('{name}'\)\)", self.text):
            return ["set", "string"]
        if found := re.search(rf"this\.get(\w+)Attribute\('{name}'\)", self.text):
            kind = found[1]
            return getters.get(kind) or ["map", {"StringMap": "string", "NumberMap": "number"}.get(kind, "string")]
        inner = re.search(rf"new (\w+?)List\(this, \"{name}\"", self.text)
        if inner:
            body = self.text.partition(f"class {inner[1]}OutputReference ")[2].partition("\n}\n")[0]
            names = re.findall(r"// (\w+) - computed", body)
            return ["list", ["object", {each: Generated(body, nested=False)._computed(each) for each in names}]]
        return "dynamic"


def describe_provider(packages: Path, source: str) -> dict[str, Any]:
    package, version = PROVIDERS[source]
    folder = packages / "node_modules" / package
    about = json.loads((folder / "package.json").read_bytes())
    assert about["version"] == version
    nested = source == "hashicorp/helm"

    def read(name: str) -> dict[str, Any]:
        return Generated((folder / "lib" / name / "index.js").read_text(encoding="utf-8"), nested=nested).root()

    prefix = source.partition("/")[2]
    resources, data = USED[source]
    return {
        "version": about["cdktf"]["provider"]["version"],
        "provider": read("provider"),
        "resources": {f"{prefix}_{name}": read(name.replace("_", "-")) for name in resources},
        "data": {f"{prefix}_{name}": read(f"data-{prefix}-{name.replace('_', '-')}") for name in data},
    }


def main(clones: str, packages: str) -> None:
    modules = {
        f"terraform-aws-modules/{name}/aws{folder and f'//{folder}'}": describe_module(
            Path(clones) / f"terraform-aws-{name}", version, folder
        )
        for name, (version, folders) in MODULES.items()
        for folder in folders
    }
    schemas = {f"registry.terraform.io/{source}": describe_provider(Path(packages), source) for source in PROVIDERS}
    for file, content in {"modules.json": modules, "schemas.json": schemas}.items():
        (HERE / file).write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
