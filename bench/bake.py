"""What a bake costs, beside cookiecutter in process, its command, and a raw write of the same files.

Run `python -m bench.bake`. All numbers are of one run on one machine; only the ratios mean anything. What a file system
takes for a new file varies more than all the rest: with `TMPDIR` on a tmpfs it is left out.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from statistics import median

from cookiecutter.main import cookiecutter

from scenedock.effects.bakes.baked_trees import write_tree
from scenedock.effects.bakes.confined_bakes import ConfinedBakes
from scenedock.effects.skeletons.compiled_code import CompiledCodeFolder
from scenedock.effects.skeletons.folders import read_skeleton
from scenedock.effects.skeletons.library import SkeletonLibrary
from scenedock.effects.skeletons.repositories import SkeletonRepositories
from scenedock.skeletons.rendering.bake import Surroundings, bake
from scenedock.skeletons.rendering.compiled import CompiledSkeleton
from scenedock.skeletons.sandbox.metering import BakeLimits
from scenedock.usecases.skeletons.bake_skeleton import bake_opened

ROUNDS = 30
CLIENTS = 4

MODULE = '''"""{{ cookiecutter.name }}: part %d."""

{%% if cookiecutter.docker == "yes" %%}
IMAGE = "{{ cookiecutter.slug }}:{{ cookiecutter.version }}"
{%% endif %%}
{%% for port in [8080, 9090] %%}
PORT_{{ loop.index }} = {{ port }}
{%% endfor %%}


def main() -> None:
    """Say who we are."""
    print("{{ cookiecutter.name }}", "{{ cookiecutter.slug|replace('-', '_') }}")
'''


def write_skeleton(folder: Path) -> None:
    """A skeleton of 29 files: modules with code in them, texts without, a chart that is copied, an image."""
    questions = {
        "name": "My Service",
        "slug": "{{ cookiecutter.name|lower|replace(' ', '-') }}",
        "version": "0.1.0",
        "docker": ["yes", "no"],
        "_copy_without_render": ["chart/templates/*"],
    }
    root = folder / "{{cookiecutter.slug}}"
    files = {f"src/{{{{cookiecutter.slug}}}}/part_{n}.py": MODULE % n for n in range(14)}
    words = "Some words that are the same for everybody.\n" * 20
    files |= {f"docs/page_{n}.md": f"# Page {n}\n\n{words}" for n in range(6)}
    files |= {f"chart/templates/{n}.yaml": "a: {{ .Values.a }}\n" * 20 for n in range(4)}
    files |= dict.fromkeys(("README.md", "Dockerfile", ".gitignore", "ci.yml"), "# {{ cookiecutter.name }}\n")
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 16)
    (folder / "cookiecutter.json").write_text(json.dumps(questions))


def processor_seconds() -> float:
    """Seconds of processor time of this process and of those that it has waited for."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def milliseconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Processor milliseconds of one call: the median of many, after one that isn't counted."""
    work()
    costs = []
    for _ in range(rounds):
        before = processor_seconds()
        work()
        costs.append(processor_seconds() - before)
    return median(costs) * 1000


def main() -> None:
    """Measure everything once and print the table."""
    work = Path(tempfile.mkdtemp(prefix="scenedock-bench-"))
    try:
        skeleton = work / "skeleton"
        write_skeleton(skeleton)
        for line in report(skeleton, work):
            print(line)
    finally:
        shutil.rmtree(work)


def report(skeleton: Path, work: Path) -> list[str]:
    """The lines of the table."""
    fresh = (work / f"out-{number}" for number in count())
    read = read_skeleton(skeleton, "bench")
    warm = CompiledSkeleton(read)
    tree = bake(warm, {})[0]
    kept = CompiledCodeFolder(work / "compiled")
    library = SkeletonLibrary((), work, None, SkeletonRepositories(work / "cache"))
    config = work / "config.yaml"
    config.write_text(f"replay_dir: {work / 'replay'}\ncookiecutters_dir: {work / 'clones'}\n")
    ours = [sys.executable, "-c", "from scenedock.doors.cli import main; main()", "skeletons", "bake", str(skeleton)]
    theirs = [sys.executable, "-m", "cookiecutter", "--no-input", "--config-file", str(config), str(skeleton)]

    def in_process() -> None:
        cookiecutter(str(skeleton), no_input=True, output_dir=str(next(fresh)), config_file=str(config))

    def use_case() -> None:
        write_tree(bake_opened(library.open_folder(skeleton), {}, ConfinedBakes()), next(fresh))

    def first_again() -> None:
        compiled = CompiledSkeleton(read, code=kept.of(read))
        write_tree(bake(compiled, {})[0], next(fresh))
        compiled.code.keep()

    def raw_write() -> None:
        folder = next(fresh)
        for path in tree.folders:
            (folder / path).mkdir(parents=True)
        for file in tree.files:
            (folder / file.path).write_bytes(file.content)

    def confined() -> None:
        ConfinedBakes().bake(read, [""], {}, Surroundings(), ["hooks"], BakeLimits())

    def process(command: list[str]) -> None:
        subprocess.run([*command, "-o", str(next(fresh))], check=True, capture_output=True)

    reference = milliseconds(in_process)
    rows: list[tuple[str, Callable[[], object], int]] = [
        (
            "first bake of a version, to disk",
            lambda: write_tree(bake(CompiledSkeleton(read), {})[0], next(fresh)),
            ROUNDS,
        ),
        ("the same, compiled by an earlier process", first_again, ROUNDS),
        ("warm bake, to memory", lambda: bake(warm, {}), ROUNDS),
        ("warm bake, to disk", lambda: write_tree(bake(warm, {})[0], next(fresh)), ROUNDS),
        ("warm bake by the use case, to disk", use_case, ROUNDS),
        ("raw write of the same files", raw_write, ROUNDS),
        ("bake in a confined process", confined, 5),
        ("scenedock as a process", lambda: process(ours), 5),
        ("cookiecutter as a process", lambda: process(theirs), 5),
    ]
    lines = [f"{len(tree.files)} files; processor time, and its ratio to cookiecutter() in process", ""]
    lines.append(f"{'cookiecutter() in process, warm':38} {reference:9.2f} ms  {1:6.3f}")
    for name, work_of_it, rounds in rows:
        cost = milliseconds(work_of_it, rounds)
        lines.append(f"{name:38} {cost:9.2f} ms  {cost / reference:6.3f}")
    return [*lines, "", *(concurrent(warm, clients) for clients in (1, CLIENTS))]


def concurrent(warm: CompiledSkeleton, clients: int) -> str:
    """Wall-clock time of many bakes by several clients at once."""

    def client(_: int) -> None:
        for _ in range(ROUNDS):
            bake(warm, {})

    before = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(client, range(clients)))
    each = (time.perf_counter() - before) / (clients * ROUNDS) * 1000
    return f"{clients} at once, to memory: {each:.2f} ms of wall clock a bake"


if __name__ == "__main__":
    main()
