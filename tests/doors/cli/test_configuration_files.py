"""What is wrong with a file that a person wrote is told with file, line and column, by whatever command reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scenedock.doors.cli import main
from tests.tools.server import free_port

EXAMPLE = Path(__file__).parents[3] / "examples" / "acme-apps"
SYNTAX = "\nlist: [a\n"
"""Wrong at its end, which libyaml counts as the third line."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCENEDOCK_DATA", str(tmp_path / "data"))
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words), catch_exceptions=False)


def told(done: Result) -> list[str]:
    """The lines of the refusal."""
    assert (done.exit_code, done.stdout) == (2, "")
    return done.stderr.removeprefix("Error: ").splitlines()


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        (
            "SETTINGS",
            "\nthreads: many\nlisten: 0.0.0.0:80\ntreads: 4\n",
            ["2:1: threads: must be ", "4:1: treads: there "],
        ),
        ("SETTINGS", "\ndatabase_url: [s3cret]\n", ["2:1: database_url: must be text"]),
        ("SETTINGS", "\ntask_limits: [bake-skeleton]\n", ["2:1: task_limits: must be ACTION=NUMBER"]),
        (
            "TOKENS_FILE",
            "\ntokens:\n  - {name: ci, token: s3cret, scope: run}\n",
            ["3:16: tokens[0].token: must be text of"],
        ),
        (
            "TOKENS_FILE",
            "\ntoken: s3cret\n",
            ["2:1: token: there is no such key here", "2:1: tokens: must list tokens"],
        ),
        (
            "SKELETONS",
            "\nskeletons:\n  - {name: a, git: 'https://u:s3cret@x/y', ref: v1}\n",
            ["3:15: skeletons[0].git: must be https"],
        ),
        ("SKELETONS", "\nskeleton: []\n", ["2:1: skeleton: there is no such key here", "2:1: skeletons: is missing"]),
        (
            "CODE_HOSTS",
            "\nhosts:\n  - host: github.com\n    type: github\n    owners: [acme]\n    token_env: s3cret-1\n",
            ["6:5: hosts[0].token_env: write the name of an environment variable"],
        ),
        ("CODE_HOSTS", "\nhosts: [github.com]\n", ["2:9: hosts[0]: must be an object, not a string"]),
        *(
            (name, SYNTAX, ["3:1: this is not YAML: "])
            for name in ("SETTINGS", "TOKENS_FILE", "SKELETONS", "CODE_HOSTS")
        ),
    ],
)
@pytest.mark.parametrize("command", ["serve", "settings"])
def test_the_service_tells_the_place_of_what_is_wrong(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variable: str, text: str, said: list[str], command: str
) -> None:
    (folder / "it.yaml").write_text(text)
    monkeypatch.setenv(f"SCENEDOCK_{variable}", "it.yaml")
    monkeypatch.setenv("SCENEDOCK_LISTEN", f"127.0.0.1:{free_port()}")

    lines = told(run(command))

    starts = [f"it.yaml:{each}" for each in said]
    assert [line[: len(start)] for line, start in zip(lines, starts, strict=True)] == starts
    assert "s3cret" not in "".join(lines)


def test_settings_are_wrong_where_a_secret_of_a_code_host_is_missing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = "hosts: [{host: github.com, type: github, owners: [acme], token_file: token}]\n"
    (folder / "hosts.yaml").write_text(hosts)
    (folder / "rules.yaml").write_text("rles: []\n")
    monkeypatch.setenv("SCENEDOCK_CODE_HOSTS", "hosts.yaml")
    monkeypatch.setenv("SCENEDOCK_RULES", "rules.yaml")

    lines = told(run("settings"))

    assert any(line.startswith("rules.yaml:1:1: rles: ") for line in lines)
    assert lines[-1].startswith("hosts.yaml:1: ")
    (folder / "token").write_text("secret")
    (folder / "rules.yaml").write_text("rules: []\n")
    assert run("settings").exit_code == 0


@pytest.mark.parametrize(
    "words", [["settings"], ["migrate"], ["worker"], ["tasks", "list"], ["actions", "run", "list-skeletons"]]
)
def test_each_command_that_has_settings_tells_their_place(folder: Path, words: list[str]) -> None:
    (folder / "service.yaml").write_text("threads: many\n")

    assert told(run(*words, "--settings", "service.yaml")) == [
        "service.yaml:1:1: threads: must be a whole number from 2 to 2,048"
    ]


def test_the_settings_in_force_are_told_with_the_line_that_set_them(folder: Path) -> None:
    (folder / "service.yaml").write_text("\nthreads: 4\n")

    lines = run("settings", "--settings", "service.yaml").stdout.splitlines()

    assert [line.split() for line in lines if "_THREADS=4 " in line] == [["SCENEDOCK_THREADS=4", "#", "service.yaml:2"]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "\nowner: [s3cret]\nfolders:\n  incude: [apps]\n",
            ["2:1: owner: must be a string", "4:3: folders.incude: there is"],
        ),
        (
            "\nrepository: https://u:s3cret@github.com/acme/apps\n",
            ["2:1: repository: must be an address with https://"],
        ),
        (SYNTAX, ["3:1: this is not YAML: "]),
    ],
)
def test_the_settings_of_a_repository_are_told_with_their_place(folder: Path, text: str, said: list[str]) -> None:
    (folder / "apps").mkdir()
    for name in ("apps/scenedock.yaml", "mine.yaml"):
        (folder / name).write_text(text)

    own = told(run("catalog", "export", "apps"))
    given = told(run("catalog", "export", str(EXAMPLE), "--catalog-settings", "mine.yaml"))

    for lines, name in ((own, "apps/scenedock.yaml"), (given, "mine.yaml")):
        starts = [f"{name}:{each}" for each in said]
        assert [line[: len(start)] for line, start in zip(lines, starts, strict=True)] == starts
        assert "s3cret" not in "".join(lines)


def test_the_former_name_of_the_option_for_a_repositorys_settings_works_with_a_notice(folder: Path) -> None:
    (folder / "mine.yaml").write_text("folders: {include: [billing]}\n")
    export = ["catalog", "export", str(EXAMPLE), "--until", "folders"]

    now, before = run(*export, "--catalog-settings", "mine.yaml"), run(*export, "--settings", "mine.yaml")

    assert (now.exit_code, before.exit_code, now.stdout) == (0, 0, before.stdout)
    assert now.stdout != run(*export).stdout
    assert "It is now called --catalog-settings" in before.stderr.splitlines()[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{\n "repository": }', "2:16: this is not JSON: Expecting value"),
        ("[]", "1:1: the input must be a JSON object"),
        ("[" * 100_000, "1:1: this is not JSON: "),
    ],
)
def test_the_input_of_an_action_is_told_with_its_place(folder: Path, text: str, said: str) -> None:
    (folder / "input.json").write_text(text)

    (line,) = told(run("actions", "run", "export-catalog", "--input", "input.json"))

    assert line.startswith(f"input.json:{said}")
