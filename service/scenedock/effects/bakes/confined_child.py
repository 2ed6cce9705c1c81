"""The sandboxed process of a bake: `python -m scenedock.effects.bakes.confined_child` in its own folder.

The request is JSON on standard input; the reply is JSON on standard output. Folders: `skeleton` is this bake's own
copy, the project is written to `result`, `home` and `temporary` are private.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scenedock.effects.bakes.baked_trees import fill_folder
from scenedock.effects.local.confinement import ConfinementError, ProcessLimits, limit_resources, programs, shut_in
from scenedock.effects.skeletons.folders import read_skeleton
from scenedock.errors import NotAllowedError, ScenedockError
from scenedock.skeletons.problems import AnswersError, SkeletonError
from scenedock.skeletons.rendering.bake import HIDDEN, Mix, Surroundings, mix, render, root_of
from scenedock.skeletons.rendering.compiled import CompiledSkeleton
from scenedock.skeletons.rendering.needs import check_hook_values, needs_of
from scenedock.skeletons.sandbox.metering import BakeBudget, BakeLimits, metered
from scenedock.skeletons.skeleton import Skeleton

_LONGEST_OUTPUT = 2_000


def main() -> None:
    """Answer one request."""
    request = json.load(sys.stdin)
    reply = sys.stdout
    sys.stdout = sys.stderr  # output of the skeleton's code must not become the reply
    work = Path.cwd()
    try:
        limit_resources(ProcessLimits(**request["process_limits"]))
        if "host" not in request["allowed"]:
            shut_in_skeleton(work)
        answer = _bake(work, request)
    except AnswersError as error:
        answer = {"error": "AnswersError", "problems": [[p.question, p.message] for p in error.problems]}
    except ScenedockError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    json.dump(answer, reply)


def shut_in_skeleton(work: Path) -> None:
    """Sandbox this process, which is about to run a skeleton's own code.

    Raises
    ------
    NotAllowedError   this machine doesn't support that; the message says what to do
    """
    try:
        shut_in(work, programs())
    except ConfinementError as error:
        raise NotAllowedError(
            f"this machine can't sandbox a skeleton's own code ({error}). Bake it on Linux with Landlock (5.13), "
            "or, if you trust it with the files and the network of this machine, add `host` to its `allow`"
        ) from error


def _bake(work: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    limits = BakeLimits(**request["limits"])
    for nested in request["folders"]:
        _run_pre_prompt(work, nested, request)
    innermost = request["folders"][-1]
    label = "/".join(filter(None, (request["label"], innermost)))
    compiled = _compile(work / "skeleton" / innermost, _skeleton(work, innermost, request))
    needs_of([compiled]).check(label, request["allowed"])
    budget = BakeBudget(limits)
    mixed = mix(compiled, request["answers"], Surroundings(**request["surroundings"]), budget)
    check_hook_values(mixed)
    root = root_of(mixed, budget)
    project = work / "result" / root
    project.mkdir(parents=True)
    _run_hooks("pre_gen_project", mixed, budget, project)
    tree = render(mixed, limits, BakeBudget(limits))
    try:
        fill_folder(tree, project)
    except OSError as error:
        raise SkeletonError(f"{label}: the pre_gen_project hook has created a conflicting file: {error}") from error
    _run_hooks("post_gen_project", mixed, BakeBudget(limits), project)
    return {"root": root, "values": mixed.values}


def _skeleton(work: Path, nested: str, request: Mapping[str, Any]) -> Skeleton:
    """The skeleton as it is now, or the one that is nested in it."""
    outermost = read_skeleton(work / "skeleton", request["label"])
    return outermost.nested(nested) if nested else outermost


def _compile(folder: Path, skeleton: Skeleton) -> CompiledSkeleton:
    """The skeleton with its extensions, which may be modules in its own folder."""
    label, compiled = skeleton.label, CompiledSkeleton(skeleton)
    names = compiled.options.foreign_extensions
    if names:
        sys.path.append(str(folder))
        compiled = CompiledSkeleton(compiled.skeleton, names)
    try:
        _ = compiled.environment
    except Exception as error:
        raise SkeletonError(f"{label}: an extension can't be loaded: {type(error).__name__}: {error}") from error
    return compiled


def _run_pre_prompt(work: Path, nested: str, request: Mapping[str, Any]) -> None:
    """Run the hooks that may change the skeleton itself, before its questions are read; they are not rendered."""
    folder = work / "skeleton" / nested
    hooks = _skeleton(work, nested, request).hooks("pre_prompt")
    if hooks and "hooks" not in request["allowed"]:
        raise SkeletonError(f"{hooks[0]}: hooks are not allowed")
    for hook in hooks:
        _run(folder / hook, hook, folder, ())


def _run_hooks(name: str, mixed: Mix, budget: BakeBudget, project: Path) -> None:
    """Render and run the hooks of one kind in the project folder."""
    skeleton = mixed.compiled.skeleton
    for hook in skeleton.hooks(name):
        with metered(budget):
            text = mixed.compiled.render_text(skeleton.text(hook) or "", mixed.context, hook)
        with tempfile.NamedTemporaryFile(suffix=Path(hook).suffix, delete=False) as script:
            script.write(text.encode())
        _run(Path(script.name), hook, project, mixed.secrets)


def _run(script: Path, hook: str, folder: Path, secrets: tuple[str, ...]) -> None:
    script.chmod(script.stat().st_mode | 0o100)
    command = [sys.executable, str(script)] if script.suffix == ".py" else [str(script)]
    with tempfile.TemporaryFile() as output:  # not a pipe, which a process left running would keep open
        try:
            done = subprocess.run(  # noqa: S603  # running code is a hook's purpose; this process is sandboxed
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False
            )
        except OSError as error:
            raise SkeletonError(
                f"{hook}: can't be run ({error.strerror}); does its first line name an interpreter, such as #!/bin/sh?"
            ) from error
        output.seek(max(0, output.seek(0, io.SEEK_END) - _LONGEST_OUTPUT))
        printed = output.read().decode("utf-8", "replace").strip()
    if done.returncode != 0:
        for secret in secrets:
            printed = printed.replace(secret, HIDDEN)
        raise SkeletonError(f"{hook}: ended with exit code {done.returncode}\n{printed}".rstrip())


if __name__ == "__main__":
    main()
