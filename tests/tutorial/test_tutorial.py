"""The tutorial, exactly as its page says: from the built package in an empty home to a Backstage."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.skeletons.shipped.typing_commands import follow
from tests.tools.backstage import backend_server
from tests.tools.console import Shell, Typed, console_blocks, plain_path
from tests.tools.frontend import Frontend
from tests.tools.server import Server, free_port, wait_until
from tests.tools.wheel import build_wheel, lend_libraries

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCKS = console_blocks(PAGE)
ACTIVATE = ". scenedock-venv/bin/activate"
SERVED = "127.0.0.1:8000"


class Newcomer:
    """Somebody with Python and git, an empty home, and the wheel that pip builds of a clone."""

    def __init__(self, folder: Path, *, lent: bool) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir()
        self.address = f"127.0.0.1:{free_port()}"
        wheels = folder / "index"
        self.wheel = build_wheel(wheels)
        self.lent = lent
        self.environment = {
            "PATH": plain_path(Path(sys.base_prefix) / "bin"),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PIP_FIND_LINKS": str(wheels),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "SCENEDOCK_LISTEN": self.address,
        }
        if lent:
            self.environment |= {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1"}
        else:
            constraints = folder / "constraints.txt"
            locked = (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8")
            constraints.write_text("\n".join(re.findall(r"^[a-z0-9-]+==[^\s\\]+", locked, re.MULTILINE)))
            self.environment |= {"PIP_CONSTRAINT": str(constraints)}

    def follows(self, typed: list[Typed], shell: Shell) -> None:
        """Type the lines of a block, and see what the page shows."""
        for each in typed:
            printed = shell.type(each.line.replace("./scenedock", str(self.wheel)))
            if each.shown:
                assert each.is_printed(printed), f"{each.line} prints\n{printed}"
            if self.lent and " -m venv " in each.line:
                lend_libraries(self.home / each.line.split()[-1])

    def serves(self, typed: list[Typed]) -> Server:
        """The server that a block starts, which ends with it."""
        *first, last = (each.line for each in typed)
        command = ["sh", "-ec", "\n".join([ACTIVATE, *first, f"exec {last}"])]
        return Server(command, self.environment, self.home, f"http://{self.address}/readyz", self.folder / "log")


@pytest.fixture
def started() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def pasted(address: str) -> dict[str, Any]:
    """What the page tells to paste into the app-config, for the address of a service."""
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    config: dict[str, Any] = yaml.safe_load(block.replace(SERVED, address))
    return config


@pytest.mark.parametrize("lent", [True, pytest.param(False, marks=pytest.mark.extended)], ids=["lent", "installed"])
def test_the_tutorial_leads_from_the_package_to_a_backstage(tmp_path: Path, started: ExitStack, *, lent: bool) -> None:
    newcomer = Newcomer(tmp_path, lent=lent)
    shell = Shell(newcomer.home, newcomer.environment)
    started.callback(shell.close)
    *blocks, serve = BLOCKS
    for block in blocks:
        newcomer.follows(block, shell)
    service = newcomer.serves(serve)
    started.callback(service.stop)
    service.start()
    address = f"127.0.0.1:{free_port()}"
    backstage = backend_server(tmp_path, address, pasted(newcomer.address), {})
    started.callback(backstage.stop)
    backstage.start()
    frontend = Frontend(f"http://{address}")
    frontend.sign_in()
    names = ("billing", "checkout", "redis", "search", "statement-mailer")

    wait_until(lambda: frontend.has(f"component:default/{name}" for name in names), "the services in the catalog")

    (mailer,) = frontend.entities("kind=component,metadata.name=statement-mailer")
    assert mailer["spec"]["owner"] == "group:default/payments"
    assert f"http://{newcomer.address}" in service.said()
    files = newcomer.home / "acme-apps" / "search"
    assert [(files / f"values-{each}.yaml").read_text().count("1.13.0") for each in ("qa", "production")] == [1, 1]


def test_a_page_that_shows_something_else_is_noticed() -> None:
    (typed,) = console_blocks("```console\n$ list\nSERVICE  qa\n…\n2 deployments\n```\n")[0]

    assert typed == Typed("list", ("SERVICE  qa", "…", "2 deployments"))
    assert typed.is_printed("SERVICE  qa\n2 deployments\n")
    assert typed.is_printed("SERVICE  qa\nbilling  1.0.0\n2 deployments\n")
    assert not typed.is_printed("SERVICE  qa\nbilling  1.0.0\n3 deployments\n")
    assert not typed.is_printed("warning\nSERVICE  qa\n2 deployments\n")


def test_the_commands_of_the_readme_work_in_their_order(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^    (?:uvx )?(scenedock .*?)(?:  +#.*)?$", readme, re.MULTILINE)

    printed = {line: follow(line, tmp_path) for line in lines}

    assert "name: billing" in (tmp_path / "catalog-info.yaml").read_text(encoding="utf-8")
    assert [len(lines), "2.7.1 -> 2.7.0" in "".join(printed.values())] == [4, True]
    assert (tmp_path / "acme-apps" / "orders" / "Chart.yaml").is_file()
