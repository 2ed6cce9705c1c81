"""Skeletons with code of their own: what their process can't reach, and how it ends."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scenedock.effects.bakes.confined_bakes import ConfinedBakes
from scenedock.effects.local.confinement import ProcessLimits
from scenedock.effects.skeletons.library import OpenedSkeleton
from scenedock.errors import InputError
from scenedock.skeletons.problems import AnswersError, LimitError, SkeletonError
from scenedock.skeletons.rendering.compiled import CompiledSkeleton
from scenedock.skeletons.rendering.output import BakedTree
from scenedock.skeletons.rendering.provenance import Provenance
from scenedock.usecases.skeletons.bake_skeleton import bake_opened
from tests.skeletons.in_memory import skeleton_of

CANARY = "c4n4ry-s3cr3t"
PYTHON_HOOK = "/hooks/post_gen_project.py"


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    yield
    assert list(temporary.iterdir()) == []


def bake_with(
    files: dict[str, str],
    questions: dict[str, Any] | None = None,
    *,
    allow: tuple[Any, ...] = ("hooks", "extensions"),
    confined: ConfinedBakes | None = None,
    **answers: Any,
) -> BakedTree:
    skeleton = skeleton_of({"name": "x", **(questions or {})}, {"a.txt": "a\n", **files})
    opened = OpenedSkeleton(CompiledSkeleton(skeleton), Provenance("demo"), frozenset(allow))
    return bake_opened(opened, answers, confined or ConfinedBakes())


def said(code: str, **settings: Any) -> str:
    """What a hook writes to the file `said`."""
    tree = bake_with({PYTHON_HOOK: f"{code}\nopen('said', 'w').write(str(said))\n"}, **settings)
    return next(file.content.decode() for file in tree.files if file.path == "project/said")


def attempt(action: str) -> str:
    return said(
        f"import os, socket\ntry:\n    {action}\n    said = 'done'\nexcept OSError as error:\n    said = error.errno"
    )


def test_the_environment_is_empty_but_for_the_path_and_private_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "secret")

    environment = said(
        "import os\nsaid = '\\n'.join(f'{k}={v}' for k, v in sorted(os.environ.items()) if k != 'LC_CTYPE')"
    )

    names = dict(line.split("=", 1) for line in environment.splitlines())
    assert sorted(names) == ["HOME", "PATH", "TMPDIR"]
    assert "scenedock-bake-" in names["HOME"]


def test_files_of_the_machine_are_out_of_reach(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")

    assert attempt(f"open({str(secret)!r})") == "13"
    assert attempt(f"open({str(tmp_path / 'new.txt')!r}, 'w')") == "13"
    assert attempt(f"os.unlink({str(secret)!r})") == "13"
    assert attempt(f"open('/proc/{os.getpid()}/environ')") == "13"
    assert attempt("open('/etc/shadow')") == "13"
    assert attempt("open('/etc/hostname')") == "13"
    assert secret.read_text() == "secret"


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"])
def test_there_are_no_sockets(family: str) -> None:
    assert attempt(f"socket.socket(socket.{family}, socket.SOCK_RAW if 'NETLINK' in {family!r} else 1)") == "13"


def test_the_process_group_can_not_be_left() -> None:
    assert attempt("os.setsid()") == "13"
    assert attempt("os.setpgid(0, 0)") == "13"


def test_other_processes_are_left_alone() -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        try:
            assert attempt(f"os.kill({other.pid}, 9)") == "1"
            assert attempt(f"os.setpriority(os.PRIO_PROCESS, {other.pid}, 19)") == "13"
            assert attempt(f"import resource; resource.prlimit({other.pid}, resource.RLIMIT_NOFILE, (7, 7))") == "13"
            assert other.poll() is None
        finally:
            other.kill()


def test_signals_and_limits_of_its_own_are_free() -> None:
    assert attempt("import resource, subprocess; resource.prlimit(0, resource.RLIMIT_CORE, (0, 0))") == "done"
    assert attempt("import subprocess; p = subprocess.Popen(['sleep', '60']); p.kill(); p.wait()") == "done"


@pytest.mark.parametrize(
    "call", ["shmget(4711, 4096, 0o1600)", "semget(4711, 1, 0o1600)", "msgget(4711, 0o1600)", "keyctl(0, -3, 1)"]
)
def test_nothing_of_the_kernel_that_would_outlive_the_bake_is_made(call: str) -> None:
    name, arguments = call.rstrip(")").split("(")
    numbers = {"x86_64": {"keyctl": 250}, "aarch64": {"keyctl": 219}}[platform.machine()]
    code = f"libc.syscall({numbers[name]}, {arguments})" if name in numbers else f"libc.{call}"

    assert (
        said(f"import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nsaid = {code}, ctypes.get_errno()")
        == "(-1, 13)"
    )


def test_without_scopes_of_landlock_no_signal_is_sent_at_all(tmp_path: Path) -> None:
    program = """
import os
from pathlib import Path
from scenedock.effects.local import confinement

confinement._SCOPED_ABI = 10**6
confinement.shut_in(Path("."), confinement.programs())
try:
    os.kill(os.getppid(), 0)
except PermissionError:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.stdout == "refused\n", done.stderr


def test_programs_and_private_folders_can_be_used() -> None:
    code = "import os, subprocess, tempfile\nopen(os.environ['HOME'] + '/x', 'w')\ntempfile.mkdtemp()\n"

    assert said(
        f"{code}said = subprocess.run(['sh', '-c', 'echo $((6 * 7))'], capture_output=True, text=True).stdout"
    ) == ("42\n")


def test_a_hook_that_takes_too_long_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    code = "import subprocess\nsubprocess.Popen(['sleep', '98765'])\nsubprocess.run(['sh', '-c', 'sleep 98765; true'])"

    with pytest.raises(LimitError, match="took longer than 2 s"):
        bake_with({PYTHON_HOOK: code}, confined=ConfinedBakes(deadline=2))

    assert running("98765") == []


def test_what_a_hook_leaves_running_ends_with_the_bake() -> None:
    bake_with({PYTHON_HOOK: "import subprocess\nsubprocess.Popen(['sleep', '876543'])"})

    assert running("876543") == []


def running(word: str) -> list[str]:
    """The command lines with a word in them, once the kernel has had time to bury the killed."""
    found: list[str] = []
    for _ in range(100):
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if word in line and "pytest" not in line:
                found.append(line)
        if not found:
            break
        time.sleep(0.02)
    return found


@pytest.mark.parametrize(
    ("code", "limits"),
    [
        ("x = bytearray(900_000_000)", ProcessLimits(memory_bytes=700_000_000)),
        ("open('x', 'wb').write(bytes(3_000_000))", ProcessLimits(file_bytes=2_000_000)),
        ("while True: pass", ProcessLimits(cpu_seconds=1)),
        ("files = [open('a.txt') for _ in range(99)]", ProcessLimits(open_files=64)),
    ],
)
def test_memory_files_and_processor_time_are_bounded(code: str, limits: ProcessLimits) -> None:
    with pytest.raises(SkeletonError, match="ended with exit code"):
        bake_with({PYTHON_HOOK: code}, confined=ConfinedBakes(process_limits=limits))


def test_a_hook_that_refuses_is_heard_without_secrets() -> None:
    hook = "import sys\nprint('{{ cookiecutter.name }} is bad'); print('{{ cookiecutter.token }}')\nsys.exit(3)"
    questions = {"token": "", "_scenedock": {"questions": {"token": {"secret": True}}}}

    with pytest.raises(SkeletonError) as caught:
        bake_with({"/hooks/pre_gen_project.py": hook}, questions, name="foo", token=CANARY)

    assert "hooks/pre_gen_project.py: ended with exit code 3\nfoo is bad" in str(caught.value)
    assert CANARY not in str(caught.value)


def test_an_answer_does_not_become_code_in_a_hook() -> None:
    with pytest.raises(AnswersError, match=r"name: hooks/post_gen_project\.py uses this value in its code"):
        bake_with({PYTHON_HOOK: "x = '{{ cookiecutter.name }}'"}, name="'; import os; x = '")


def test_an_answer_that_no_hook_refers_to_is_free() -> None:
    tree = bake_with(
        {PYTHON_HOOK: "x = '{{ cookiecutter.slug }}'", "b.txt": "{{ cookiecutter.name }}"}, name="it's; $(x)"
    )

    assert next(file.content for file in tree.files if file.path == "project/b.txt") == b"it's; $(x)"


def test_an_answer_is_verbatim_with_an_extension_too() -> None:
    extension = "from jinja2.ext import Extension\nclass E(Extension):\n    pass\n"
    files = {"/local_extensions.py": extension, "b.txt": "{{ cookiecutter.name }}"}

    tree = bake_with(files, {"_extensions": ["local_extensions.E"]}, name="{{ 7 * 7 }}")

    assert next(file.content for file in tree.files if file.path == "project/b.txt") == b"{{ 7 * 7 }}"


def test_hooks_and_extensions_may_import_cookiecutter() -> None:
    extension = (
        "from cookiecutter.utils import simple_filter\n\n@simple_filter\ndef twice(text):\n    return text * 2\n"
    )
    hook = (
        "from cookiecutter.main import cookiecutter\nfrom pathlib import Path\n"
        "inner = Path('inner', '{{ '{{ cookiecutter.a }}' }}')\ninner.mkdir(parents=True)\n"
        "Path('inner/cookiecutter.json').write_text('{\"a\": \"made\"}')\n"
        "cookiecutter('inner', no_input=True)\n"
    )
    files = {"/local_extensions.py": extension, PYTHON_HOOK: hook, "b.txt": "{{ cookiecutter.name | twice }}"}

    tree = bake_with(files, {"_extensions": ["local_extensions.twice"]}, name="ab")

    assert next(file.content for file in tree.files if file.path == "project/b.txt") == b"abab"
    assert "project/made" in tree.folders


def test_an_extension_that_can_not_be_loaded_is_the_authors_error() -> None:
    with pytest.raises(SkeletonError, match=r"an extension can't be loaded: .*nowhere"):
        bake_with({}, {"_extensions": ["nowhere.E"]})


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os; os.symlink('/etc', 'l')", "→ project/l: the link to '/etc' can't be used: 'l' leaves the"),
        ("import os; os.symlink('../../skeleton', 'l')", "project/l: .*'l' leaves the project's folder"),
        ("import os; os.mkdir('d'); os.symlink('..', 'd/l')", "project/d/l: .*never ends"),
        ("import os; os.mkdir('.git'); os.symlink('.git', 'l')", "project/l: .*doesn't exist"),
        ("import os; os.mkdir('d'); os.symlink('d', '.scenedock'); open('d/a', 'w')", "writes a file of that name"),
        ("import shutil, os; shutil.rmtree(os.getcwd())", "removed the project folder"),
        ("import os; os.mkfifo('pipe')", "neither a file nor a folder"),
        ("import os; os.rename('../project', '../x'); os.symlink('x', '../project')", "removed the project folder"),
    ],
)
def test_a_hook_leaves_only_files_and_folders(code: str, message: str) -> None:
    with pytest.raises(SkeletonError, match=message):
        bake_with({PYTHON_HOOK: code})


def test_links_that_a_hook_makes_stay_links_if_they_stay_in_the_project() -> None:
    code = (
        "import os\nos.makedirs('v/1')\nopen('v/1/b.txt', 'w').write('b')\nos.symlink('v/1', 'latest')\n"
        "os.symlink('latest/b.txt', 'b.txt')\nos.symlink('../../a.txt', 'v/1/a')\nos.mkdir('.git')\n"
        "os.symlink('/etc', '.git/etc')\n"
    )

    tree = bake_with({PYTHON_HOOK: code})

    links = {file.path: file.content for file in tree.files if file.link}
    assert links == {
        "project/latest": b"v/1",
        "project/b.txt": b"latest/b.txt",
        "project/v/1/a": b"../../a.txt",
    }
    (provenance,) = (file.content.decode() for file in tree.files if file.path.endswith("skeleton.yaml"))
    assert 'latest: "-> v/1"' in provenance


def test_a_hook_before_the_files_makes_no_link_that_they_are_written_through() -> None:
    before = "/hooks/pre_gen_project.py"
    tree = bake_with({before: "import os\nos.symlink('../../home/x', 'a.txt')\nopen('../../home/x', 'w').close()"})

    assert [(file.path, file.content) for file in tree.files if not file.path.endswith(".yaml")] == [
        ("project/a.txt", b"a\n")
    ]
    with pytest.raises(SkeletonError, match="has created a conflicting file"):
        bake_with({before: "import os\nos.symlink('../../home', 'sub')", "sub/b.txt": "b"})


def test_a_git_folder_that_a_hook_makes_is_left_out() -> None:
    tree = bake_with({PYTHON_HOOK: "import os\nos.mkdir('.git')\nopen('.git/config', 'w').close()"})

    assert [file.path for file in tree.files] == ["project/.scenedock/skeleton.yaml", "project/a.txt"]


def test_byte_code_that_a_hook_makes_is_left_out() -> None:
    code = "import compileall\nopen('b.py', 'w').close()\ncompileall.compile_dir('.', quiet=1)"
    tree = bake_with({PYTHON_HOOK: code})

    assert [file.path for file in tree.files] == ["project/.scenedock/skeleton.yaml", "project/a.txt", "project/b.py"]
    assert tree.folders.keys() == {"project", "project/.scenedock"}


@pytest.mark.parametrize("name", [b"a\nb", b"d\\e", b".GIT", b"\xff"])
def test_a_hook_makes_no_name_that_an_answer_may_not_make(name: bytes) -> None:
    with pytest.raises(InputError, match="can't be used"):
        bake_with({PYTHON_HOOK: f"open({name!r}, 'w')"})


@pytest.mark.parametrize("slug", ["", ".", "../x", "/x"])
def test_a_bad_project_name_is_refused_before_a_hook_runs(slug: str) -> None:
    with pytest.raises(InputError, match=r"would have an empty name|can't be used: it"):
        bake_with({"/hooks/pre_gen_project.py": "raise SystemExit(1)"}, slug=slug)


def test_a_hook_without_a_first_line_is_explained() -> None:
    with pytest.raises(SkeletonError, match=r"does its first line name an interpreter, such as #!/bin/sh\?"):
        bake_with({"/hooks/post_gen_project.sh": "echo hello\n"})


@pytest.mark.parametrize(
    "reply",
    [
        "{}",
        "[" * 100_000,
        '{"error": "TemporaryError"}',
        '{"error": "x", "problems": [1]}',
        '{"root": "..", "values": {}}',
        '{"root": "", "values": {}}',
        '{"root": 5, "values": {}}',
    ],
)
def test_a_hook_that_writes_a_reply_of_its_own_is_refused(reply: str) -> None:
    code = f"import os\nopen('../../reply', 'w').write({reply!r})\nos.kill(os.getppid(), 9)"

    with pytest.raises(InputError):
        bake_with({PYTHON_HOOK: code})


def test_a_folder_that_may_not_be_looked_into_is_removed_too() -> None:
    bake_with({PYTHON_HOOK: "import os\nos.makedirs('../../home/a/b')\nos.chmod('../../home/a', 0)"})


def test_where_a_process_can_not_be_confined_it_is_refused(tmp_path: Path) -> None:
    program = """
from pathlib import Path
from scenedock.effects.bakes.confined_child import shut_in_skeleton
from scenedock.effects.local import confinement

confinement._MACHINES = {}
shut_in_skeleton(Path("."))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "NotAllowedError" in done.stderr
    assert "add `host` to its `allow`" in done.stderr


def test_with_host_allowed_a_hook_sees_the_machine(tmp_path: Path) -> None:
    (tmp_path / "seen.txt").write_text("seen")

    assert said(f"said = open({str(tmp_path / 'seen.txt')!r}).read()", allow=("hooks", "host")) == "seen"
