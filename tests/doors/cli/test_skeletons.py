"""`scenedock skeletons`, as it is typed."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from scenedock.doors.cli import main

ROOT = "{{cookiecutter.slug}}"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a list of one skeleton, which is also the working folder."""
    skeleton = tmp_path / "skeletons" / "demo"
    (skeleton / ROOT).mkdir(parents=True)
    questions = {"slug": "my-demo", "docs": True, "ports": {"http": "80"}, "token": ""}
    rules = {"slug": {"pattern": "^[a-z-]+$"}, "token": {"secret": True}}
    (skeleton / "cookiecutter.json").write_text(json.dumps({**questions, "_scenedock": {"questions": rules}}))
    body = "{{ cookiecutter.slug }} {{ cookiecutter.docs }} {{ cookiecutter.ports }}\n"
    (skeleton / ROOT / "README.md").write_text(body)
    (tmp_path / "list.yaml").write_text("skeletons:\n  - {name: demo, path: skeletons/demo}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCENEDOCK_SKELETONS", "list.yaml")
    monkeypatch.setenv("SCENEDOCK_COOKIECUTTERS", "none")
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["skeletons", *words], catch_exceptions=False)


def test_list_names_each_skeleton_and_its_place(place: Path) -> None:
    listed = run("list")

    assert listed.exit_code == 0
    assert listed.stdout == "demo  skeletons/demo\n"
    assert json.loads(run("list", "--format", "json").stdout) == [{"name": "demo", "path": "skeletons/demo"}]


def test_show_prints_the_schema_of_the_questions(place: Path) -> None:
    schema = json.loads(run("show", "demo", "--format", "json").stdout)

    assert list(schema["properties"]) == ["slug", "docs", "ports", "token"]


def test_show_says_which_questions_must_be_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCENEDOCK_SKELETONS", raising=False)
    monkeypatch.delenv("SCENEDOCK_COOKIECUTTERS", raising=False)
    shown = run("show", "microservice-python", "--format", "json")
    assert json.loads(shown.stdout)["required"] == ["name", "owner"]
    assert shown.stderr == "required: name=… owner=…\n"
    table = run("show", "microservice-python").stdout.splitlines()
    assert table[0].split() == ["QUESTION", "REQUIRED", "DEFAULT", "MEANING"]
    assert [line.split()[0] for line in table[1:] if line.split()[1] == "yes"] == ["name", "owner"]


def test_an_address_is_named_as_it_was_typed_without_its_password(place: Path) -> None:
    refused = run("bake", "https://ada:hunter2@git.acme.test/skeleton.git", "--output", "out")
    assert refused.exit_code == 2
    assert "https://git.acme.test/skeleton.git: this is an address; clone it" in refused.stderr
    assert "hunter2" not in refused.output


@pytest.mark.usefixtures("place")
def test_a_wrong_name_is_told_before_a_missing_folder() -> None:
    wrong, right = run("bake", "dmeo"), run("bake", "demo")

    assert (wrong.exit_code, right.exit_code) == (2, 2)
    assert "dmeo" in wrong.stderr
    assert "--output" not in wrong.stderr
    assert "Missing option '--output'" in right.stderr


def test_bake_writes_the_project_and_lists_its_files(place: Path) -> None:
    done = run("bake", "demo", "--output", "out", "slug=x", "docs=no", 'ports={"http": "8080"}', "token=c4n4ry")

    assert done.exit_code == 0
    assert done.stdout.splitlines() == ["out/x/.scenedock/skeleton.yaml", "out/x/README.md"]
    assert (place / "out" / "x" / "README.md").read_text() == "x False {'http': '8080'}\n"
    provenance = yaml.safe_load((place / "out" / "x" / ".scenedock" / "skeleton.yaml").read_text())
    assert provenance.pop("digest").startswith("sha256:")
    assert provenance == {
        "format": 2,
        "skeleton": "demo",
        "answers": {"slug": "x", "docs": False, "ports": {"http": "8080"}},
        "computed": {},
        "withheld": ["token"],
        "files": {"README.md": hashlib.sha256(b"x False {'http': '8080'}\n").hexdigest()},
    }


def test_answers_come_from_a_file_and_words_win_over_it(place: Path) -> None:
    (place / "answers.yaml").write_text("slug: from-file\ndocs: false\n")

    run("bake", "demo", "--output", "out", "--answers", "answers.yaml", "slug=from-word")

    assert (place / "out" / "from-word" / "README.md").read_text() == "from-word False {'http': '80'}\n"


def test_a_folder_can_be_named_by_its_path(place: Path) -> None:
    assert run("bake", "./skeletons/demo", "--output", "out").exit_code == 0
    assert (place / "out" / "my-demo" / "README.md").is_file()


def test_an_object_of_a_nested_skeleton_is_typed_as_json_too(place: Path) -> None:
    outer = place / "skeletons" / "outer"
    outer.mkdir()
    (place / "skeletons" / "demo").rename(outer / "demo")
    (outer / "cookiecutter.json").write_text('{"templates": {"demo": {"path": "demo"}}}')

    done = run("bake", "./skeletons/outer", "--output", "out", "templates=demo", 'ports={"http": "8080"}')

    assert done.exit_code == 0
    assert (place / "out" / "my-demo" / "README.md").read_text() == "my-demo True {'http': '8080'}\n"


def test_wrong_answers_are_all_named_and_nothing_is_written(place: Path) -> None:
    done = run("bake", "demo", "--output", "out", "slug=A B", "docs=perhaps", "nope=1")

    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        "Error: Invalid answers:",
        "  nope: there is no such question; the skeleton asks for: slug, docs, ports, token",
        "  slug: 'A B' does not match `^[a-z-]+$`",
        "  docs: 'perhaps' is neither true nor false",
    ]
    assert not (place / "out").exists()


def test_what_exists_is_refused_or_replaced_whole(place: Path) -> None:
    mine = place / "out" / "my-demo" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")

    assert run("bake", "demo", "--output", "out").exit_code == 4
    assert mine.is_file()
    assert run("bake", "demo", "--output", "out", "--overwrite").exit_code == 0
    assert not mine.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["show", "nope"], "there is no skeleton 'nope'; the skeletons are: demo"),
        (["show", "skeletons"], "for the folder, write ./skeletons"),
        (["show", "./nope"], "there is no cookiecutter.json"),
        (["bake", "demo", "--output", "out", "slug"], "'slug' is not an answer; write KEY=VALUE"),
        (["bake", "demo", "--output", "out", "ports=x"], "ports: this question expects an object; write it as JSON"),
        (["bake", "demo", "--output", "out", "--answers", "gone.yaml"], "gone.yaml: there is no such file"),
        (
            ["bake", "demo", "--output", "out", "--answers", "list.yaml"],
            "list.yaml:1:1: skeletons: there is no such question",
        ),
        (
            ["list", "--skeletons", "skeletons/demo/cookiecutter.json"],
            "cookiecutter.json:1:2: slug: there is no such key",
        ),
        (["list", "--skeletons", "gone.yaml"], "gone.yaml: there is no such file"),
    ],
)
def test_what_is_wrong_is_said_and_ends_with_exit_code_2(place: Path, words: list[str], message: str) -> None:
    done = run(*words)

    assert done.exit_code == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    ("answers", "typed", "said"),
    [
        ("\n- a\n", [], ["Error: answers.yaml:2:1: the document: must be an object, `key: value`"]),
        (
            "slug: [a\n",
            [],
            ["Error: answers.yaml:2:1: this is not YAML: did not find expected ',' or ']', while parsing "],
        ),
        (
            "docs: perhaps\nslug: A B\nnope: 1\n",
            [],
            [
                "Error: answers.yaml:1:1: docs: 'perhaps' is neither true nor false",
                "answers.yaml:2:1: slug: 'A B' does not match `^[a-z-]+$`",
                "answers.yaml:3:1: nope: there is no such question; the skeleton asks for: slug, docs, ports, token",
            ],
        ),
        (
            "token: [c4n4ry]\nslug: A B\n",
            ["slug=C D"],
            ["Error: answers.yaml:1:1: token: the answer is not text", "slug: 'C D' does not match `^[a-z-]+$`"],
        ),
        ("token: t\n", ["slug=C D"], ["Error: slug: 'C D' does not match `^[a-z-]+$`"]),
    ],
)
def test_what_is_wrong_with_a_file_of_answers_is_told_with_its_place(
    place: Path, answers: str, typed: list[str], said: list[str]
) -> None:
    (place / "answers.yaml").write_text(answers)

    done = run("bake", "demo", "--output", "out", "--answers", "answers.yaml", *typed)

    assert done.exit_code == 2
    assert [line[: len(start)] for line, start in zip(done.stderr.splitlines(), said, strict=True)] == said


def test_a_skeleton_with_hooks_says_what_it_needs(place: Path) -> None:
    hooks = place / "skeletons" / "demo" / "hooks"
    hooks.mkdir()
    (hooks / "post_gen_project.py").write_text("open('made', 'w').write('{{ cookiecutter.slug }}')\n")

    refused = run("bake", "demo", "--output", "out")
    (place / "list.yaml").write_text("skeletons:\n  - {name: demo, path: skeletons/demo, allow: [hooks]}\n")
    allowed = run("bake", "demo", "--output", "out")

    assert refused.exit_code == 3
    assert "add `allow: [hooks]` to its entry in the list of skeletons" in refused.stderr
    assert allowed.exit_code == 0
    assert (place / "out" / "my-demo" / "made").read_text() == "my-demo"


def test_the_shipped_skeletons_are_found_without_any_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCENEDOCK_SKELETONS", raising=False)
    monkeypatch.delenv("SCENEDOCK_COOKIECUTTERS", raising=False)

    listed = json.loads(run("list", "--format", "json").stdout)
    lines = run("list").stdout.splitlines()

    names = [
        "deployment",
        "eks-cluster",
        "gitops-repository",
        "library-chart",
        "microservice-python",
        "migration-runbook",
    ]
    assert [each["name"] for each in listed] == names
    for line, each in zip(lines, listed, strict=True):
        assert re.fullmatch(rf"{each['name']} +{re.escape(each['purpose'])} +{re.escape(each['path'])}/.*", line)


def test_the_list_says_what_a_skeleton_is_for_before_the_skeleton_does(place: Path) -> None:
    file = place / "skeletons" / "demo" / "cookiecutter.json"
    values = json.loads(file.read_bytes())
    values["_scenedock"]["purpose"] = "A demonstration"
    file.write_text(json.dumps(values), encoding="utf-8")
    of_its_own = run("list").stdout
    demo = {"name": "demo", "path": "skeletons/demo", "purpose": "Try it"}
    far = {"name": "far", "git": "https://a.test/b", "ref": "v1"}
    (place / "list.yaml").write_text(yaml.safe_dump({"skeletons": [demo, far]}), encoding="utf-8")

    assert of_its_own == "demo  A demonstration  skeletons/demo\n"
    assert run("list", "--skeletons", "list.yaml").stdout.splitlines() == [
        "demo  Try it  skeletons/demo",
        "far           https://a.test/b v1",
    ]
