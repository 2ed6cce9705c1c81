"""`scenedock doctor` prints each check with its evidence and remedy, as text or JSON, and changes nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scenedock.doors.cli import main
from tests.tools.server import free_port
from tests.tools.service import EXAMPLE


def examined(monkeypatch: pytest.MonkeyPatch, *options: str, **settings: str) -> Result:
    for name, value in settings.items():
        monkeypatch.setenv(f"SCENEDOCK_{name}", value)
    return CliRunner().invoke(main, ["doctor", *options])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_problems_have_remedies_and_the_exit_code_says_that_there_are_some(
    monkeypatch: pytest.MonkeyPatch, data: Path, tmp_path: Path
) -> None:
    host = f"localhost:{free_port()}"
    (tmp_path / "hosts.yaml").write_text(
        f"hosts: [{{host: '{host}', type: gitlab, api: 'http://127.0.0.1:{free_port()}/api/v4',"
        " owners: [acme], token_env: TOKEN}]"
    )
    monkeypatch.setenv("TOKEN", "canary-0123456789")
    found = examined(
        monkeypatch,
        DATA=str(data),
        HELM="/nowhere/helm",
        CODE_HOSTS=str(tmp_path / "hosts.yaml"),
        BACKSTAGE_URL=f"http://127.0.0.1:{free_port()}",
        OIDC_ISSUER=f"http://127.0.0.1:{free_port()}",
        OIDC_CLIENT_ID="scenedock",
        OIDC_CLIENT_SECRET="canary-9876543210",  # noqa: S106 - nobody's
        REPOSITORIES=str(EXAMPLE),
    )

    assert found.exit_code == 1, found.output
    assert "PROBLEM     helm\n            there is no '/nowhere/helm'" in found.output
    assert "→ Install Helm 3.17 or newer" in found.output
    assert [line for line in found.output.splitlines() if line.startswith("PROBLEM")] == [
        f"PROBLEM     code-host {host}",
        "PROBLEM     backstage",
        "PROBLEM     sign-in",
        "PROBLEM     helm",
    ]
    assert "can't tell  clock" in found.output
    assert found.stderr.endswith("ok\n")
    assert "canary" not in found.output
    assert not data.exists()


def test_json_has_the_same_and_no_problem_is_exit_code_0(
    monkeypatch: pytest.MonkeyPatch, data: Path, tmp_path: Path
) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "apps")
    monkeypatch.setattr("scenedock.effects.helm.program.HelmProgram.check", lambda _self: None)
    monkeypatch.setattr("scenedock.effects.helm.program.HelmProgram.path", lambda _self: "/bin/helm")
    found = examined(monkeypatch, "--format", "json", DATA=str(data), REPOSITORIES=str(tmp_path / "apps"))

    listed = json.loads(found.stdout)
    assert found.exit_code == 0
    assert {each["check"]: each["verdict"] for each in listed} == {
        "database": "ok",
        "tasks": "unknown",
        "data": "ok",
        "disk": "ok",
        "git": "ok",
        "helm": "ok",
        "history apps": "unknown",
        "settings apps": "ok",
    }
    assert set(listed[0]) == {"check", "verdict", "evidence", "remedy"}


def test_what_is_not_set_and_not_needed_is_a_note_and_no_problem(
    monkeypatch: pytest.MonkeyPatch, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / "git").symlink_to(str(shutil.which("git")))
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    found = examined(monkeypatch, DATA=str(data))

    assert found.exit_code == 0, found.output
    assert "note        helm\n            there is no 'helm'" in found.output
    assert "→ Install Helm 3.17 or newer" in found.output
    assert "note        repositories\n            none is set" in found.output
    assert "0 problems, 2 notes, " in found.stderr


def test_a_setting_that_is_wrong_is_told_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    found = examined(monkeypatch, DATA=str(data), THREADS="many")

    assert (found.exit_code, "SCENEDOCK_THREADS" in found.output) == (2, True)
