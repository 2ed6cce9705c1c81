"""Whatever the values files look like: a promotion changes what it says and nothing else, and a roll-back undoes it.

`SCENEDOCK_SOAK=1` tries two hundred times as many repositories, other ones in every run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from scenedock.doors.cli import main
from tests.properties.test_any_repository import tried
from tests.tools.commits import commit, git

SERVICES = ("billing", "search")
ENVIRONMENTS = ("dev", "qa", "production")
NEW = "7.7.7"
LIFTS = ("--shared", "--untried-version", "--downgrade", "--pre-release")
LATER = b"later: 1\n"

noise = st.sampled_from(
    (
        "# of ours\n",
        "replicas: 2\n",
        "\n",
        "env:\n  - name: TAG\n    value: 1.0.0\n",
        "common: &common\n  a: 1\nmore:\n  <<: *common\n",
        "note: |\n  image:\n    tag: 1.0.0\n",
        "redis:\n  image: {repository: library/redis, tag: '7'}\n",
        "empty:\n",
    )
)
quoted = st.sampled_from(('"{}"', "'{}'", "{}", "{} # the version"))
tags = st.sampled_from(("1.0.0", "1.2.0", "v3", "main", "12", "0.1.0-rc.1"))


@st.composite
def values(draw: st.DrawFn, service: str, *, is_base: bool) -> str:
    """A values file: the image, or a part of it, or nothing of it, among other keys."""
    above, below = (draw(st.lists(noise, max_size=3, unique=True)) for _ in range(2))
    below = [each for each in below if each not in above]
    tag = draw(quoted).format(draw(tags))
    part = draw(st.sampled_from(("none", "siblings", "tag", "tag") if not is_base else ("none", "tag", "tag")))
    repository = f"  repository: acme/{service}\n" if is_base else ""
    block = {
        "none": f"image:\n{repository}" if is_base else "",
        "siblings": "image:\n  pullPolicy: Always\n",
        "tag": f"image:\n{repository}  tag: {tag}\n  pullPolicy: Always\n",
    }[part]
    return "".join([*above, block, *below])


@st.composite
def repositories(draw: st.DrawFn) -> Mapping[str, str]:
    """Two services with a chart, a values file for all, and one for each of their environments."""
    files: dict[str, str] = {}
    for service in SERVICES:
        files[f"{service}/Chart.yaml"] = f"apiVersion: v2\nname: {service}\nversion: 1.0.0\n"
        files[f"{service}/values.yaml"] = draw(values(service, is_base=True))
        for environment in draw(st.lists(st.sampled_from(ENVIRONMENTS), min_size=1, unique=True)):
            files[f"{service}/values-{environment}.yaml"] = draw(values(service, is_base=False))
    return files


def run(*arguments: str | Path) -> Any:
    done = CliRunner().invoke(main, ["deployments", *map(str, arguments), "--format", "json"], catch_exceptions=False)
    assert done.exit_code in {0, 1}, done.output
    return json.loads(done.stdout)


def versions(root: Path) -> dict[tuple[str, str], str | None]:
    return {(each["service"], each["environment"]): each["version"] for each in run("list", root)}


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.glob("*/*.yaml")}


@given(repositories(), st.data(), st.sampled_from((b"", LATER)))
@tried(10)
def test_what_is_promoted_and_rolled_back_is_as_before(files: Mapping[str, str], data: Any, later: bytes) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder) / "apps"
        commit(root, 1, files)
        git(root, "config", "user.name", "Jane")
        git(root, "config", "user.email", "jane@acme.test")
        before, listed = contents(root), versions(root)
        known = sorted(pair for pair, version in listed.items() if version is not None)
        if not known:
            return
        service, environment = data.draw(st.sampled_from(known))
        where = ("--service", service, root, *LIFTS, "--commit")
        planned = run("promote", "--to", environment, "--version", NEW, *where)
        assert planned["refusals"] == []
        named = {(each["service"], each["environment"]) for each in planned["changes"]}
        assert (service, environment) in named
        assert versions(root) == {pair: NEW if pair in named else version for pair, version in listed.items()}
        if later:
            commit(root, 2, {path: (text + later).decode() for path, text in contents(root).items()})
            before = {path: text + later for path, text in before.items()}
        assert run("roll-back", "--environment", environment, *where)["refusals"] == []
        assert contents(root) == before
        assert versions(root) == listed
