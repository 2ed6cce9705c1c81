"""`scenedock catalog export` as people and scripts use it: options, exit codes, files, pipes and terminals."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from scenedock.catalog.reading.handwritten import MARKER
from tests.scenarios.repositories import BILLING, COMMAND, ENVIRONMENT, export, plant

CATALOG = "billing/catalog-info.yaml"
THEIRS = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: billing, title: Ours since 2019}
spec: {type: website, lifecycle: production, owner: jane}
"""


def names(text: str) -> list[str]:
    return [document["metadata"]["name"] for document in yaml.safe_load_all(text)]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return plant(tmp_path / "apps")


class TestAnswers:
    def test_entities_go_to_standard_output_and_words_beside_it(self, repository: Path) -> None:
        done = export(repository)

        assert (done.returncode, names(done.stdout)) == (0, ["billing"])
        assert done.stderr.splitlines()[-1] == "1 folder: 1 Component (1 service)"

    def test_what_is_not_there_is_wrong_usage(self, tmp_path: Path) -> None:
        done = export(tmp_path / "nothing")

        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"Error: {tmp_path / 'nothing'}: there is no such folder; pass the root of a repository\n"

    @pytest.mark.parametrize("name", ["a" * 300, "loop", "file", "file/below", "a\nb", "\udcff"])
    def test_what_is_no_folder_is_wrong_usage(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "loop").symlink_to("loop")
        (tmp_path / "file").touch()

        done = export(tmp_path / name)

        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("Error: ")

    def test_an_empty_folder_and_one_without_charts_have_different_answers(self, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        plant(tmp_path / "other", {"README.md": "Hello\n"})

        empty, other = export(tmp_path / "empty"), export(tmp_path / "other")

        assert (empty.returncode, empty.stdout, other.returncode, other.stdout) == (1, "", 1, "")
        assert "error: empty: the repository has no files. Check the path, and that the clone" in empty.stderr
        assert "error: other: the repository has no Chart.yaml of a deployment" in other.stderr

    def test_a_chart_that_is_broken_is_an_error_of_its_folder_alone(self, repository: Path) -> None:
        plant(repository, {"ledger/Chart.yaml": "name: [\n"})

        done = export(repository)

        assert (done.returncode, names(done.stdout)) == (1, ["billing"])
        assert "error: apps:ledger/Chart.yaml:2: this is not YAML: " in done.stderr

    def test_values_that_are_broken_cost_their_folder_a_warning(self, repository: Path) -> None:
        plant(repository, {"billing/values-qa.yaml": "replicas: [\n"})

        done = export(repository)

        assert (done.returncode, names(done.stdout)) == (0, ["billing"])
        assert "warning: apps:billing/values-qa.yaml:2: this is not YAML: " in done.stderr

    def test_wrong_settings_are_wrong_usage_with_their_lines(self, repository: Path) -> None:
        plant(repository, {"scenedock.yaml": "owner: platform\nfoldrs: {}\nknown: ['group:']\n"})

        done = export(repository)

        assert (done.returncode, done.stdout) == (2, "")
        assert "apps/scenedock.yaml:2:" in done.stderr
        assert "apps/scenedock.yaml:3:" in done.stderr

    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["--format", "toml"],
            ["--until", "now"],
            [".", "--in-place", "-o", "x"],
            [".", "--in-place", "--until", "mapped"],
        ],
    )
    def test_wrong_usage_is_told(self, arguments: Sequence[str]) -> None:
        done = export(*arguments)

        assert (done.returncode, done.stdout) == (2, "")
        assert "Usage: scenedock catalog export" in done.stderr


class TestRepositories:
    def test_one_may_be_where_one_stands(self, repository: Path) -> None:
        for name in (".", "./", "../apps", str(repository) + "/", "billing/.."):
            done = export(name, cwd=repository)
            assert (done.returncode, names(done.stdout)) == (0, ["billing"])
            assert "apps: the repository's address isn't known" in done.stderr

    def test_a_repository_that_is_one_chart_is_called_like_its_folder(self, tmp_path: Path) -> None:
        plant(tmp_path / "invoices", {"Chart.yaml": "name: x\n"})

        assert names(export(".", cwd=tmp_path / "invoices").stdout) == ["invoices"]

    def test_several_are_one_catalog(self, repository: Path, tmp_path: Path) -> None:
        plant(
            tmp_path / "b/apps", {"billing/Chart.yaml": "name: x\ndescription: Other\n", "web/Chart.yaml": "name: x\n"}
        )

        done = export(repository, tmp_path / "b/apps", "--verbose")

        assert names(done.stdout) == ["billing", "web"]
        assert "description: Invoices" in done.stdout
        assert "b/apps" in done.stderr

    def test_none_may_be_named_twice(self, repository: Path) -> None:
        for again in ("apps", "apps/", "./apps", str(repository), "apps/billing/.."):
            done = export("apps", again, cwd=repository.parent)
            assert (done.returncode, done.stdout) == (2, "")
            assert done.stderr == f"Error: {again}: this repository is listed twice; list each only once\n"

    def test_a_name_that_is_not_unicode_is_no_trouble(self, tmp_path: Path) -> None:
        root = plant(Path(os.fsdecode(os.fsencode(tmp_path) + b"/apps\xff")), {**BILLING, "Chart.yaml": "name: x\n"})
        (root / "caf\udce9").mkdir()
        (root / "caf\udce9/Chart.yaml").touch()

        done = export(root, "--report", tmp_path / "report.json", "--verbose")

        assert names(done.stdout) == ["apps", "billing"]
        assert "its path isn't Unicode" in done.stderr
        assert json.loads((tmp_path / "report.json").read_bytes())["entities"]["total"] == 2


class TestFormats:
    def test_yaml_json_and_json_lines_say_the_same(self, repository: Path) -> None:
        plant(repository, {"web/Chart.yaml": "name: web\ndescription: Café\n"})

        documents = list(yaml.safe_load_all(export(repository).stdout))

        assert json.loads(export(repository, "--format", "json").stdout) == documents
        assert [json.loads(line) for line in export(repository, "--format", "jsonl").stdout.splitlines()] == documents

    def test_two_runs_print_the_same_bytes_whatever_the_hash_seed(self, repository: Path) -> None:
        plant(
            repository, {f"{name}/Chart.yaml": "name: x\nkeywords: [b, a, c]\n" for name in ("web", "ledger", "audit")}
        )

        first, second = (export(repository, environment={"PYTHONHASHSEED": seed}) for seed in ("1", "2"))

        assert (first.stdout, first.stderr) == (second.stdout, second.stderr)

    @pytest.mark.parametrize(
        ("phase", "key"),
        [("folders", "folder"), ("mapped", "kind"), ("policed", "kind"), ("linked", "kind"), ("exported", "kind")],
    )
    def test_every_phase_can_be_seen(self, repository: Path, phase: str, key: str) -> None:
        done = export(repository, "--until", phase)

        assert done.returncode == 0
        assert [key in document for document in yaml.safe_load_all(done.stdout)] == [True]

    def test_a_report_says_what_was_read_made_and_found(self, repository: Path, tmp_path: Path) -> None:
        plant(repository, {"starter/Chart.yaml": "name: x\n", "ledger/Chart.yaml": "- x\n"})

        done = export(repository, "--report", tmp_path / "report.json")

        report = json.loads((tmp_path / "report.json").read_bytes())
        (read,) = report["repositories"]
        assert (done.returncode, read["name"], read["url"], read["folders"]) == (1, "apps", None, ["billing"])
        assert [skip["path"] for skip in read["skipped"]] == ["ledger", "starter"]
        assert report["entities"] == {"total": 1, "byKind": {"Component": {"service": 1}}}
        assert [service["ref"] for service in report["services"]] == ["component:billing"]
        assert {"severity", "code", "message", "repository", "path", "line", "remedy"} == set(report["findings"][0])
        assert report["findings"][0]["path"] == "ledger/Chart.yaml"

    def test_words_for_people_hold_no_controls_of_the_terminal(self, tmp_path: Path) -> None:
        plant(tmp_path / "apps", {"a\x1b[31m\nb/Chart.yaml": "- x\n"})

        done = export(tmp_path / "apps", "--verbose", "--output", tmp_path / "out.yaml")

        assert "\x1b" not in done.stdout
        assert r"a\x1b[31m\nb/Chart.yaml" in done.stdout


class TestStrictness:
    def test_strict_fails_on_a_warning_and_writes_nothing(self, repository: Path, tmp_path: Path) -> None:
        (repository / "CODEOWNERS").unlink()

        done = export(repository, "--strict", "--output", tmp_path / "out.yaml", "--report", tmp_path / "report.json")
        in_place = export(repository, "--strict", "--in-place")

        assert (done.returncode, in_place.returncode) == (1, 1)
        assert "has no owner" in done.stdout
        assert not (tmp_path / "out.yaml").exists()
        assert not (repository / CATALOG).exists()
        assert json.loads((tmp_path / "report.json").read_bytes())["findings"]

    def test_strict_writes_nothing_if_only_the_last_result_has_a_problem(
        self, repository: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "out.yaml").write_text("a: [")
        hand_written = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: billing}\n"
        (repository / CATALOG).write_text(hand_written)
        plant(repository, {"cart/Chart.yaml": "name: cart\nversion: 1.0.0\n"})

        done = export(repository, "--strict", "--output", tmp_path / "out.yaml")
        in_place = export(repository, "--strict", "--in-place")

        assert (done.returncode, in_place.returncode) == (1, 1)
        assert "warning: " in done.stdout
        assert "the last result can't be read" in done.stdout
        assert "error: " in in_place.stdout
        assert "Backstage would refuse this file as it is" in in_place.stdout
        assert (tmp_path / "out.yaml").read_text() == "a: ["
        assert not (repository / "cart" / "catalog-info.yaml").exists()

    def test_strict_passes_what_is_clean(self, repository: Path) -> None:
        assert export(repository, "--strict").returncode == 0

    @pytest.mark.parametrize(
        "known",
        [
            "group:default/payments",
            "- group:payments\n- system:x\n",
            "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: Payments}\n---\nuser:jane\n",
            '[{"kind": "Group", "metadata": {"name": "payments", "namespace": "default"}}]',
            "# ours\n\n---\n- [group:payments]\n",
            '{"items": [{"kind": "Group", "metadata": {"name": "payments"}}], "totalItems": 1, "pageInfo": {}}',
            '"group:payments"' + " " * 6_000_000,
        ],
    )
    def test_known_takes_references_entities_and_answers_of_backstage(
        self, repository: Path, tmp_path: Path, known: str
    ) -> None:
        (tmp_path / "known.yaml").write_text(known)

        assert "dangling" not in export(repository, "--known", tmp_path / "known.yaml").stderr
        assert export(repository, "--known", tmp_path / "known.yaml", "--strict").returncode == 0

    def test_a_reference_to_nobody_known_is_found(self, repository: Path, tmp_path: Path) -> None:
        (tmp_path / "known.yaml").write_text("group:platform")

        done = export(repository, "--known", tmp_path / "known.yaml")

        assert done.returncode == 0
        assert "component:billing refers to group:default/payments in spec.owner" in done.stderr

    @pytest.mark.parametrize("known", ["- 5\n", "kind: Group\n", "]", "a: b", "'group:'", "x: &x [*x]"])
    def test_known_refuses_anything_else_with_its_line(self, repository: Path, tmp_path: Path, known: str) -> None:
        (tmp_path / "known.yaml").write_text(known)

        done = export(repository, "--known", tmp_path / "known.yaml")

        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"Error: {tmp_path}/known.yaml:1")


class TestFiles:
    def test_output_is_written_once_and_left_alone_afterwards(self, repository: Path, tmp_path: Path) -> None:
        target = tmp_path / "out.yaml"
        target.touch(mode=0o640)

        first = export(repository, "--output", target)
        before = target.stat()
        second = export(repository, "--output", target)

        assert (first.returncode, second.returncode, names(target.read_text())) == (0, 0, ["billing"])
        assert (target.stat().st_ino, target.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        assert target.stat().st_mode & 0o777 == 0o640
        assert sorted(path.name for path in tmp_path.iterdir()) == ["apps", "out.yaml"]

    def test_a_link_is_followed(self, repository: Path, tmp_path: Path) -> None:
        (tmp_path / "link.yaml").symlink_to("out.yaml")

        export(repository, "--output", tmp_path / "link.yaml")

        assert (tmp_path / "link.yaml").is_symlink()
        assert names((tmp_path / "out.yaml").read_text()) == ["billing"]

    def test_standard_output_has_a_name_among_files(self, repository: Path, tmp_path: Path) -> None:
        with (tmp_path / "out.txt").open("w") as out:
            done = subprocess.run(
                [COMMAND, "catalog", "export", repository, "--output", "/dev/stdout"],
                stdout=out,
                env=ENVIRONMENT,
                check=False,
            )

        assert done.returncode == 0
        assert Path("/dev/stdout").is_symlink()
        assert (tmp_path / "out.txt").read_text().startswith("apiVersion: ")

    @pytest.mark.parametrize(
        ("target", "message"),
        [
            ("nothing/out.yaml", "its folder doesn't exist; create it first"),
            ("apps/CODEOWNERS/out.yaml", "its folder doesn't exist; create it first"),
            ("apps", "can't be written: Is a directory"),
            ("a" * 300, "can't be written: File name too long"),
            ("/dev/full", "can't be written: No space left on device"),
        ],
    )
    def test_what_cannot_be_written_is_told(self, repository: Path, tmp_path: Path, target: str, message: str) -> None:
        for option in ("--output", "--report"):
            done = export(repository, option, target, cwd=tmp_path)

            assert done.returncode == 2
            assert f"Error: {target}: {message}" in done.stderr
        assert [path.name for path in tmp_path.iterdir()] == ["apps"]

    @pytest.mark.parametrize("content", [{}, {"scenedock.yaml/notes.txt": "x"}])
    def test_settings_that_are_a_folder_are_told(self, repository: Path, content: dict[str, str]) -> None:
        (repository / "scenedock.yaml").mkdir()
        plant(repository, content)

        done = export(repository)

        assert (done.returncode, done.stdout) == (2, "")
        assert "apps/scenedock.yaml: this is a folder; the settings have to be a file" in done.stderr

    @pytest.mark.parametrize("where", [".", "apps"])
    @pytest.mark.parametrize(
        "command", [("catalog", "export"), ("catalog", "export", "--ref", "main"), ("ci", "--since", "main")]
    )
    def test_a_folder_that_may_not_be_entered_is_told(
        self, tmp_path: Path, command: tuple[str, ...], where: str
    ) -> None:
        shut = tmp_path / "shut"
        (shut / "apps").mkdir(parents=True)
        shut.chmod(0)
        ordinary = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []

        done = subprocess.run(
            [*ordinary, COMMAND, *command, shut / where],
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            check=False,
        )
        shut.chmod(0o700)

        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert re.search(r"can't be (read|compared).*: Permission denied", done.stderr)

    @pytest.mark.parametrize(
        "command",
        [("catalog", "export", "."), ("catalog", "check", "."), ("--help",), ("--version",), ("skeletons", "list")],
    )
    def test_a_full_disk_behind_standard_output_is_told(self, repository: Path, command: tuple[str, ...]) -> None:
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [COMMAND, *command],
                stdout=full,
                stderr=subprocess.PIPE,
                cwd=repository,
                env=ENVIRONMENT,
                check=False,
            )

        assert done.returncode == 2
        assert done.stderr == b"Error: standard output can't be written: No space left on device\n"

    def test_a_reader_who_leaves_early_is_no_error_to_print(self, repository: Path) -> None:
        plant(repository, {f"service-{number}/Chart.yaml": "name: x\n" for number in range(500)})
        with subprocess.Popen(
            [COMMAND, "catalog", "export", repository], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
        ) as running:
            assert running.stdout is not None
            assert running.stderr is not None
            assert running.stdout.readline() == b"apiVersion: backstage.io/v1alpha1\n"
            running.stdout.close()
            said = running.stderr.read()

        assert said == b""
        assert running.returncode == 1


class TestInPlace:
    def test_every_folder_gets_its_file_and_a_second_run_touches_none(self, repository: Path) -> None:
        plant(repository, {"web/Chart.yaml": "name: web\n"})

        first = export(repository, "--in-place")
        before = {path: path.stat() for path in repository.rglob("catalog-info.yaml")}
        second = export(repository, "--in-place")

        assert (first.returncode, second.returncode) == (0, 0)
        assert sorted(str(path.relative_to(repository)) for path in before) == [CATALOG, "web/catalog-info.yaml"]
        assert all(path.read_text().startswith(MARKER) for path in before)
        assert all(path.stat().st_mtime_ns == status.st_mtime_ns for path, status in before.items())
        assert all(path.stat().st_ino == status.st_ino for path, status in before.items())

    def test_a_file_with_our_marker_is_rewritten_whole(self, repository: Path) -> None:
        plant(repository, {CATALOG: f"{MARKER}\n{THEIRS}"})

        export(repository, "--in-place")

        assert "website" not in (repository / CATALOG).read_text()

    @pytest.mark.parametrize(
        "theirs", [THEIRS, "kind: [", "", "# Mine.\n", "\0\1", "{{ template }}", f"# Mine.\n{MARKER}\n"]
    )
    def test_a_file_of_a_person_stays_whatever_is_in_it(self, repository: Path, theirs: str) -> None:
        plant(repository, {CATALOG: theirs, "web/Chart.yaml": "name: web\n"})

        done = export(repository, "--in-place", "--verbose")

        assert (repository / CATALOG).read_text() == theirs
        assert (repository / "web/catalog-info.yaml").exists()
        assert f"apps:{CATALOG}: is hand-written, so it stays" in done.stdout

    def test_a_link_or_folder_in_its_place_stays(self, repository: Path, tmp_path: Path) -> None:
        (tmp_path / "elsewhere.yaml").write_text(f"{MARKER}\n")
        (repository / CATALOG).symlink_to(tmp_path / "elsewhere.yaml")
        plant(
            repository,
            {"web/Chart.yaml": "name: web\n", "web/catalog-info.yaml/x": "", "ledger/Chart.yaml": "name: x\n"},
        )
        (repository / "ledger/catalog-info.yaml").symlink_to("nowhere")

        export(repository, "--in-place")

        assert (repository / CATALOG).is_symlink()
        assert (tmp_path / "elsewhere.yaml").read_text() == f"{MARKER}\n"
        assert os.readlink(repository / "ledger/catalog-info.yaml") == "nowhere"  # noqa: PTH115 - pathlib normalises it
        assert (repository / "web/catalog-info.yaml").is_dir()

    def test_entities_of_no_folder_spare_the_file_that_a_person_wrote_in_the_root(self, repository: Path) -> None:
        plant(repository, {"catalog-info.yaml": THEIRS, "scenedock.yaml": "cluster: eks-1\n"})

        done = export(repository, "--in-place", "--verbose")

        assert (repository / "catalog-info.yaml").read_text() == THEIRS
        assert "apps:catalog-info.yaml: is hand-written" in done.stdout

    def test_items_of_a_list_spare_the_file_that_a_person_wrote_beside_it(self, repository: Path) -> None:
        settings = "apps: [{file: 'lists/{environment}.yaml', items: apps}]\n"
        plant(
            repository,
            {"lists/qa.yaml": "apps: [audit]\n", "lists/catalog-info.yaml": THEIRS, "scenedock.yaml": settings},
        )

        done = export(repository, "--in-place")

        assert (repository / "lists/catalog-info.yaml").read_text() == THEIRS
        assert "Component" in done.stdout

    def test_what_it_wrote_is_no_list_of_apps_to_the_next_run(self, repository: Path) -> None:
        plant(
            repository, {"lists/qa.yaml": "[audit]\n", "scenedock.yaml": "apps: [{file: 'lists/{environment}.yaml'}]\n"}
        )

        before = export(repository)
        export(repository, "--in-place")

        assert (repository / "lists/catalog-info.yaml").exists()
        assert export(repository).stdout == before.stdout

    def test_what_it_wrote_is_no_file_to_the_generators_of_the_next_run(self, repository: Path) -> None:
        generator = "{git: {files: [{path: '*/*.yaml'}]}}"
        template = "{metadata: {name: '{{path.basename}}-{{filename}}'}, spec: {source: {path: '{{path}}'}}}"
        plant(
            repository,
            {
                "argocd/set.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\n"
                f"spec: {{generators: [{generator}], template: {template}}}\n"
            },
        )

        before = export(repository)
        export(repository, "--in-place")

        assert export(repository).stdout == before.stdout


class TestTerminals:
    def test_a_pipe_sees_no_progress(self, repository: Path) -> None:
        assert "Reading folders" not in export(repository, environment={"FORCE_COLOR": "1"}).stderr

    def test_a_terminal_sees_progress_once_a_run_takes_longer_than_a_second(self, tmp_path: Path) -> None:
        assert b"Reading folders" in _on_a_terminal(plant(tmp_path / "apps"), seconds_per_folder=1.2)

    def test_a_terminal_sees_no_progress_of_a_short_run(self, tmp_path: Path) -> None:
        assert b"Reading folders" not in _on_a_terminal(plant(tmp_path / "apps"), seconds_per_folder=0)

    def test_an_interrupt_ends_it_without_a_traceback(self, repository: Path, tmp_path: Path) -> None:
        program = _slow_program(60)
        with subprocess.Popen(
            [sys.executable, "-c", program, repository, "--output", tmp_path / "out.yaml"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            text=True,
        ) as running:
            assert running.stdout is not None
            assert running.stdout.readline() == "reading\n"
            running.send_signal(signal.SIGINT)
            _, said = running.communicate(timeout=30)

        assert (running.returncode, said.strip()) == (1, "Aborted!")
        assert not (tmp_path / "out.yaml").exists()


def _slow_program(seconds: float) -> str:
    """A program like the command, whose disk takes its time for the values of billing."""
    return f"""
import signal, sys, time
from scenedock.doors.cli import main
from scenedock.effects.git.repositories import RepositoryFolder
read = RepositoryFolder.read
def slowly(folder, path):
    if path == "billing/values.yaml":
        print("reading", flush=True)
        time.sleep({seconds})
    return read(folder, path)
RepositoryFolder.read = slowly
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has those that it puts in the background ignore it
main(["catalog", "export", *sys.argv[1:]])
"""


def _on_a_terminal(repository: Path, *, seconds_per_folder: float) -> bytes:
    """What a terminal shows on stderr."""
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", _slow_program(seconds_per_folder), repository],
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            env={**ENVIRONMENT, "TERM": "xterm"},
            check=False,
        )
        os.close(theirs)
        shown = b""
        try:
            while chunk := os.read(ours, 4096):
                shown += chunk
        except OSError:  # how a terminal whose other end is closed says that it has no more
            pass
    finally:
        os.close(ours)
    assert done.returncode == 0
    return shown
