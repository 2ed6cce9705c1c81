"""What cron relies on, with real processes: the last output is whole whatever happens, and runs don't overlap."""

from __future__ import annotations

import fcntl
import os
import re
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.scenarios.repositories import COMMAND, ENVIRONMENT, export, git, plant

SECONDS = 60
LIMIT = 100_000


def services(root: Path, count: int, version: int = 1, weight: int = 0) -> Path:
    """A repository of deployment folders; `weight` is how many bytes of API definition each has."""
    files = {}
    for number in range(count):
        name = f"service-{number:03}"
        files[f"{name}/Chart.yaml"] = f"name: {name}\nversion: 1.0.0\ndescription: Version {version}\n"
        if weight:
            files[f"{name}/openapi.yaml"] = f"openapi: 3.0.{version}\n" + "# padding\n" * (weight // 10)
    return plant(root, files)


@contextmanager
def running(*arguments: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """An export that is under way, and is ended at the end."""
    command = [COMMAND, "catalog", "export", *arguments]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def until_there_is(folder: Path, pattern: str, process: subprocess.Popen[bytes]) -> bool:
    """Wait for a file; whether it came before the process ended."""
    end = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < end:
        if any(folder.glob(pattern)):
            return True
        time.sleep(0.001)  # else this needs as much of the processor as the export itself
    return False


def stopped_with_lock(path: Path, process: subprocess.Popen[bytes]) -> bool:
    """Stop a process while it holds a lock; False if it ends without one."""
    while process.poll() is None:
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        if is_locked(path):
            return True
        process.send_signal(signal.SIGCONT)
        time.sleep(0.005)
    return False


def is_locked(path: Path) -> bool:
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def test_killed_while_it_writes_it_leaves_the_last_output_whole(tmp_path: Path) -> None:
    root, out = services(tmp_path / "apps", 8, weight=900_000), tmp_path / "out"
    out.mkdir()
    output = out / "catalog-info.yaml"
    assert export(root, "--output", output).returncode == 0
    before = output.read_bytes()
    services(root, 8, version=2, weight=900_000)

    for _attempt in range(10):
        with running(root, "--output", output) as process:
            caught = until_there_is(out, ".scenedock-*", process)
            process.send_signal(signal.SIGKILL)
        if caught and output.read_bytes() == before:
            break
        plant(root, {"service-000/Chart.yaml": f"name: x\nversion: 1.0.0\ndescription: {_attempt}\n"})
        before = output.read_bytes()
        assert before.endswith(b"\n")
    else:
        pytest.fail("no attempt hit the moment of writing")

    assert export(root, "--output", output).returncode == 0
    assert output.read_bytes() != before


def test_killed_at_any_moment_in_place_it_leaves_files_that_are_whole_and_the_next_run_completes_them(
    tmp_path: Path,
) -> None:
    root = services(tmp_path / "apps", 150)
    assert export(root, "--in-place").returncode == 0
    old = {path: path.read_bytes() for path in root.glob("*/catalog-info.yaml")}
    services(root, 150, version=2)

    with running(root, "--in-place") as process:
        while process.poll() is None and all(path.read_bytes() == text for path, text in list(old.items())[:3]):
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
    changed = [path for path, text in old.items() if path.read_bytes() != text]

    assert changed
    assert all(b"description: Version 2\n" in path.read_bytes() for path in changed)
    assert all(path.read_bytes().endswith(b"\n") for path in changed)
    assert export(root, "--in-place").returncode == 0
    assert all(b"description: Version 2\n" in path.read_bytes() for path in old)


def test_a_full_disk_leaves_the_last_output_whole_and_nothing_beside_it(tmp_path: Path) -> None:
    root, output = services(tmp_path / "apps", 20), tmp_path / "catalog-info.yaml"
    assert export(root, "--output", output).returncode == 0
    before = output.read_bytes()
    services(root, 20, version=2, weight=LIMIT)

    done = subprocess.run(
        [COMMAND, "catalog", "export", root, "--output", output],
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT)),
    )

    assert (done.returncode, "can't be written: File too large" in done.stderr) == (2, True)
    assert output.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["apps", "catalog-info.yaml"]


@pytest.mark.parametrize("target", ["file", "in place"])
def test_a_second_run_is_refused_while_the_first_is_under_way(tmp_path: Path, target: str) -> None:
    root, output = services(tmp_path / "apps", 100), tmp_path / "catalog-info.yaml"
    options: tuple[str | Path, ...] = ("--in-place",) if target == "in place" else ("--output", output)
    folder, lock = (root, ".scenedock.lock") if target == "in place" else (tmp_path, ".catalog-info.yaml.lock")

    with running(root, *options) as first:
        assert stopped_with_lock(folder / lock, first)
        second = export(root, *options)
        first.send_signal(signal.SIGCONT)
        assert first.wait(SECONDS) == 0

    assert second.returncode == 75
    assert re.search(rf"another run( \(process {first.pid}\))? is writing it", second.stderr)
    assert not (folder / lock).exists()
    assert export(root, *options).returncode == 0


def test_of_many_runs_at_once_each_is_done_or_refused_and_the_output_is_whole(tmp_path: Path) -> None:
    root, output = services(tmp_path / "apps", 30), tmp_path / "catalog-info.yaml"
    command = [str(each) for each in (COMMAND, "catalog", "export", root, "--output", output, "--quiet")]

    runs = [
        subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in "123456"
    ]
    codes = {run.wait(SECONDS) for run in runs}

    assert 0 in codes
    assert codes <= {0, 75}
    assert output.read_text("utf-8").count("kind: Component") == 30
    assert sorted(path.name for path in tmp_path.iterdir()) == ["apps", "catalog-info.yaml"]


def test_a_lock_that_a_killed_run_left_behind_locks_nobody_out(tmp_path: Path) -> None:
    root, output = services(tmp_path / "apps", 3), tmp_path / "catalog-info.yaml"
    (tmp_path / ".catalog-info.yaml.lock").write_text("12345\n")

    assert export(root, "--output", output).returncode == 0
    assert not (tmp_path / ".catalog-info.yaml.lock").exists()


def test_what_is_right_already_is_not_touched(tmp_path: Path) -> None:
    root, output = services(tmp_path / "apps", 3), tmp_path / "catalog-info.yaml"
    export(root, "--output", output)
    export(root, "--in-place")
    files = [output, *root.glob("*/catalog-info.yaml")]
    for path in files:
        os.utime(path, (1, 1))

    said = export(root, "--output", output, "--quiet").stdout
    export(root, "--in-place")

    assert said == f"3 folders: 3 Components (3 service), in {output} (no changes)\n"
    assert {path.stat().st_mtime for path in files} == {1}


def test_what_would_lose_much_of_the_last_output_is_refused_until_it_is_allowed(tmp_path: Path) -> None:
    root, output = services(tmp_path / "apps", 20), tmp_path / "catalog-info.yaml"
    export(root, "--output", output)
    before = output.read_bytes()
    for number in range(6):
        (root / f"service-{number:03}" / "Chart.yaml").unlink()

    refused = export(root, "--output", output)
    assert refused.returncode == 4
    assert "6 of its 20 entities would vanish: component:service-000, " in refused.stderr
    assert "--allow-deletions" in refused.stderr
    assert output.read_bytes() == before

    allowed = export(root, "--output", output, "--quiet", "--allow-deletions")
    assert (allowed.returncode, allowed.stdout.endswith(" (6 removed)\n")) == (0, True)


def test_in_place_the_files_of_ours_are_the_last_output(tmp_path: Path) -> None:
    root = services(tmp_path / "apps", 20)
    export(root, "--in-place")
    for number in range(6):
        (root / f"service-{number:03}" / "Chart.yaml").unlink()
    files = {path: path.read_bytes() for path in root.glob("*/catalog-info.yaml")}

    refused = export(root, "--in-place")
    assert (refused.returncode, "6 of its 20 entities would vanish" in refused.stderr) == (4, True)
    assert {path: path.read_bytes() for path in root.glob("*/catalog-info.yaml")} == files

    allowed = export(root, "--in-place", "--quiet", "--allow-deletions")
    assert (allowed.returncode, allowed.stdout.endswith(" 0 files written, 6 removed (6 removed)\n")) == (0, True)
    assert len(list(root.glob("*/catalog-info.yaml"))) == 14


def test_a_repository_that_lost_all_its_files_loses_no_catalog(tmp_path: Path) -> None:
    root, output = services(tmp_path / "apps", 10), tmp_path / "catalog-info.yaml"
    export(root, "--output", output)
    for path in root.glob("*/*"):
        path.unlink()

    emptied = export(root, "--output", output)

    assert (emptied.returncode, "the repository has no files" in emptied.stdout) == (1, True)
    assert output.read_text("utf-8").count("kind: Component") == 10


def test_renamed_folders_are_told_and_have_not_vanished(tmp_path: Path) -> None:
    root, output = services(tmp_path / "apps", 6), tmp_path / "catalog-info.yaml"
    for number in range(6):
        plant(
            root,
            {
                f"service-{number:03}/values-{'qa' if number % 2 else 'dev'}.yaml": "",
                f"service-{number:03}/Chart.yaml": f"name: a\ndescription: Number {number}\n",
            },
        )
    export(root, "--output", output)
    for number in range(6):
        (root / f"service-{number:03}").rename(root / f"api-{number:03}")

    assert export(root, "--output", output, "--quiet").stdout.endswith(" (6 renamed)\n")


def test_the_limits_of_what_may_vanish_are_settings(tmp_path: Path) -> None:
    root, output = services(tmp_path / "apps", 4), tmp_path / "catalog-info.yaml"
    export(root, "--output", output)
    (root / "service-000" / "Chart.yaml").unlink()
    assert export(root, "--output", output).returncode == 0

    (root / "service-001" / "Chart.yaml").unlink()
    plant(root, {"scenedock.yaml": "vanishing: {share: 0.3, atLeast: 1}\n"})
    assert export(root, "--output", output).returncode == 4


def test_a_last_output_that_nobody_can_read_is_replaced_and_told(tmp_path: Path) -> None:
    root, output = services(tmp_path / "apps", 3), tmp_path / "catalog-info.yaml"
    output.write_text("{{ no yaml")

    done = export(root, "--output", output)

    assert done.returncode == 0
    assert "the last result can't be read" in done.stdout
    assert output.read_text("utf-8").count("kind: Component") == 3


def test_a_ref_is_exported_by_cron_from_a_mirror(tmp_path: Path) -> None:
    root = services(tmp_path / "apps", 2)
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "-c", "user.name=J", "-c", "user.email=j@acme.test", "commit", "--quiet", "--message=First")
    git(tmp_path, "clone", "--quiet", "--mirror", str(root), "apps.git")

    done = export(tmp_path / "apps.git", "--ref", "main", "--quiet", "--output", tmp_path / "catalog-info.yaml")

    assert (done.returncode, done.stdout.startswith("2 folders: 2 Components")) == (0, True)
