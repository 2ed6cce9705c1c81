"""Change one condition at a time in the modules that must not be wrong, and see whether their tests notice.

cosmic-ray makes each mutant in a copy of the working tree, which may be left broken. A mutant with which the tests pass
has survived: a test is missing, or the mutant does what the code does, and then `EQUIVALENT` says why.

`make mutants` tries a sample, and writes the score into docs/mutants.md. With names of modules or parts of them
(`python -m bench.mutants policies`) all mutants of those are tried, and nothing is written.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bench.pages import write_part
from tests.tools.venv import venv

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "mutants.md"
LOCK = Path(__file__).with_name("requirements-mutants.txt")
MOST = 150
SECONDS = 30
"""How long one test may take: a mutant may run for ever."""

TESTS: Mapping[str, str] = {
    "scenedock.catalog.comparing.vanishing": "tests/catalog/comparing",
    "scenedock.catalog.mapping.policies": "tests/catalog/mapping/test_policies.py",
    "scenedock.effects.bakes.result_folders": "tests/effects/bakes/test_result_folders.py",
    "scenedock.effects.git.repositories": "tests/effects/git/test_repositories.py",
    "scenedock.effects.tasks.journal": "tests/effects/tasks/test_journal.py",
    "scenedock.gitops.values_edits": "tests/gitops/test_values_edits.py",
    "scenedock.model.file_paths": "tests/model/test_file_paths.py",
    "scenedock.model.redaction": "tests/model/test_redaction.py",
    "scenedock.model.tasks.changes": "tests/model/tasks",
    "scenedock.runtime.callers.authenticator": "tests/runtime/callers/test_authenticator.py",
    "scenedock.runtime.callers.static_tokens": "tests/runtime/callers/test_static_tokens.py",
    "scenedock.runtime.callers.verified_users": "tests/runtime/callers/test_verified_users.py",
    "scenedock.skeletons.links": "tests/skeletons/test_trust.py",
    "scenedock.skeletons.rendering.output": "tests/skeletons/rendering/test_output.py",
    "scenedock.usecases.tasks.tend_tasks": "tests/usecases/tasks/test_tend_tasks.py",
}
"""Each module, and what pytest takes to test it within seconds."""

EQUIVALENT: Mapping[str, str] = {
    "if node.start_mark.index <= at:": "no value begins where its key does",
    "if self._events and time.monotonic() - self._since > _LONGEST_SECONDS:": "no clock stops at that very moment",
    "return Path(link).resolve(strict=False)": "`os.stat` has just found what the link leads to",
}
"""Lines of mutants that do what the code does, and why."""

_OPERATORS = re.compile(
    r"core/(AddNot|ReplaceAndWithOr|ReplaceOrWithAnd|ReplaceUnaryOperator_Delete_Not|ReplaceTrueWithFalse"
    r"|ReplaceFalseWithTrue|ReplaceBreakWithContinue|ReplaceContinueWithBreak|ExceptionReplacer|ZeroIterationForLoop"
    r"|ReplaceComparisonOperator_(Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is|Lt_(LtE|GtE)|LtE_(Lt|Gt)|Gt_(GtE|LtE)"
    r"|GtE_(Gt|Lt)))"
)
"""Those of cosmic-ray's that change a condition: the others strike the `|` of types, and numbers."""

_IS_NO_CONDITION = re.compile(r"\s*@|if TYPE_CHECKING:")
"""Lines of decorators (`frozen=True`), and what only type checkers run."""


@dataclass(frozen=True, order=True)
class Mutant:
    """Where cosmic-ray's operator strikes; `occurrence` counts its places in the module."""

    module: str
    operator: str
    occurrence: int


def mutants_of(module: str, work: Path) -> Iterator[Mutant]:
    """All mutants of a module that change a condition."""
    config, session = work / "cosmic-ray.toml", work / "session.sqlite"
    config.write_text(f'[cosmic-ray]\nmodule-path = "{path_of(module)}"\ntest-command = ""\ntimeout = 1.0\n', "utf-8")
    cosmic_ray(ROOT, "init", config, session, "--force")
    lines = (ROOT / path_of(module)).read_text("utf-8").splitlines()
    for item in cosmic_ray(ROOT, "dump", session).splitlines():
        (mutation,) = json.loads(item)[0]["mutations"]
        (row, begin), (_, end) = mutation["start_pos"], mutation["end_pos"]
        operator, line = mutation["operator_name"], lines[row - 1]
        if not _OPERATORS.fullmatch(operator) or _IS_NO_CONDITION.match(line):
            continue
        if operator != "core/ExceptionReplacer" or "." not in line[begin:end]:  # it can't replace a name with dots
            yield Mutant(module, operator, mutation["occurrence"])


def path_of(module: str) -> Path:
    """The file of a module, relative to the project.

    Raises
    ------
    LookupError   there is no such module
    """
    spec = find_spec(module)
    if not spec or not spec.origin:
        raise LookupError(f"there is no module {module}; it may have been moved")
    return Path(spec.origin).relative_to(ROOT)


def cosmic_ray(folder: Path, *arguments: str | Path) -> str:
    """What cosmic-ray prints."""
    command = [venv(LOCK) / "bin" / "cosmic-ray", *arguments]
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


def pytest_command(module: str) -> list[str]:
    """The command that tests a module, the same way each time."""
    options = ["--quiet", "--exitfirst", "-pno:schemathesis", "-pno:cacheprovider", "--hypothesis-seed=0"]
    limits = ["-o", f"faulthandler_timeout={SECONDS}", "-o", "faulthandler_exit_on_timeout=true"]
    return [sys.executable, "-m", "pytest", *options, *limits, *shlex.split(TESTS[module])]


def survivor(mutant: Mutant, copy: Path) -> str | None:
    """The changed line of a mutant with which the tests pass; None if they notice it."""
    place = (path_of(mutant.module), mutant.operator, str(mutant.occurrence))
    result = json.loads(cosmic_ray(copy, "mutate-and-test", *place, shlex.join(pytest_command(mutant.module))))
    if result["worker_outcome"] != "normal" or result["test_outcome"] == "incompetent":
        raise RuntimeError(f"{mutant} could not be tried: {result}")
    added = re.findall(r"^\+(?!\+\+ )(.*)", result["diff"], re.MULTILINE)
    return " ".join(line.strip() for line in added) if result["test_outcome"] == "survived" else None


def try_mutants(mutants: list[Mutant], copy: Path) -> list[tuple[Mutant, str]]:
    """Try mutants one after the other; answer those that survived, with their changed lines."""
    survivors = []
    for number, mutant in enumerate(mutants, 1):
        line = survivor(mutant, copy)
        if line is not None:
            survivors.append((mutant, line))
            what = "equivalent" if line in EQUIVALENT else "survived"
            print(f"{number} of {len(mutants)}: {what}: {mutant.module}: {line}", flush=True)
    return survivors


def report(every: list[Mutant], tried: list[Mutant], survivors: list[tuple[Mutant, str]], seed: int) -> str:
    """The score as Markdown."""
    equivalent = [mutant for mutant, line in survivors if line in EQUIVALENT]
    survived = [mutant for mutant, line in survivors if line not in EQUIVALENT]
    counters = [Counter(mutant.module for mutant in mutants) for mutants in (every, tried, equivalent, survived)]
    table = ["| module | mutants | tried | killed | equivalent | survived |", "| --- | --- | --- | --- | --- | --- |"]
    for module in (*counters[0], "all"):
        known, sample, same, alive = (each.total() if module == "all" else each[module] for each in counters)
        name = module.removeprefix("scenedock.")
        table.append(f"| {name} | {known} | {sample} | {sample - same - alive} | {same} | {alive} |")
    reasons = sorted({f"- `{line}`: {EQUIVALENT[line]}" for _, line in survivors if line in EQUIVALENT})
    return "\n".join([f"{len(tried)} of {len(every)} mutants, chosen with seed {seed}:", "", *table, "", *reasons, ""])


def main() -> None:
    """Try mutants, print what survives, and write the page of a sample."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    modules = [module for module in TESTS if any(name in module for name in arguments.names or [""])]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        ignored = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "out")
        shutil.copytree(ROOT, copy, symlinks=True, ignore=ignored)
        for module in modules:
            subprocess.run(pytest_command(module), cwd=copy, check=True)
        every = [mutant for module in modules for mutant in sorted(mutants_of(module, Path(folder)))]
        sample = sorted(random.Random(arguments.seed).sample(every, min(MOST, len(every))))  # noqa: S311 - no secret
        tried = every if arguments.names else sample
        survivors = try_mutants(tried, copy)
    text = report(every, tried, survivors, arguments.seed)
    print(text)
    if not arguments.names:
        write_part(PAGE, "bench/mutants.py", text)
    if any(line not in EQUIVALENT for _, line in survivors):
        raise SystemExit(
            "Mutants survived: write the test that is missing, or say in EQUIVALENT why there can be none."
        )


if __name__ == "__main__":
    main()
