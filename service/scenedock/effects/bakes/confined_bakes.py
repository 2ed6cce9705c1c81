"""Baking skeletons with code of their own (hooks, extensions), each in a sandboxed process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from scenedock.effects.local.confinement import ProcessLimits
from scenedock.effects.skeletons.folders import read_entries
from scenedock.errors import InputError, NotAllowedError, NotFoundError
from scenedock.model.json import JsonObject
from scenedock.skeletons.problems import AnswerProblem, AnswersError, LimitError, SkeletonError
from scenedock.skeletons.rendering.output import BakedFile, BakedTree, contained
from scenedock.skeletons.rendering.result_links import wrong_link
from scenedock.structs import dataclass, field, replace

if TYPE_CHECKING:
    from scenedock.skeletons.rendering.bake import Surroundings
    from scenedock.skeletons.sandbox.metering import BakeLimits
    from scenedock.skeletons.skeleton import Skeleton

_MOST_REPLY_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ConfinedBakes:
    """Bakes in processes of their own, each with only PATH in its environment, and a private folder as its home.

    `deadline` is the number of seconds that the process may take; then its whole process group is killed.
    """

    deadline: float = 120.0
    process_limits: ProcessLimits = field(default_factory=ProcessLimits)

    def bake(
        self,
        skeleton: Skeleton,
        folders: Sequence[str],
        answers: JsonObject,
        surroundings: Surroundings,
        allowed: Collection[str],
        limits: BakeLimits,
    ) -> tuple[BakedTree, JsonObject]:
        """The tree, and the values of all questions that are not secret.

        `folders` leads from the skeleton (`""`) through nested skeletons to the one that is baked.

        Raises
        ------
        NotAllowedError   this machine can't sandbox a process
        LimitError        it took longer than the deadline
        InputError        an error of the bake itself, or of a hook
        """
        work = Path(tempfile.mkdtemp(prefix="scenedock-bake-")).resolve()
        try:
            self._lay_out(work, skeleton)
            reply = self._run(
                work,
                {
                    "label": skeleton.label,
                    "folders": list(folders),
                    "answers": answers,
                    "surroundings": to_builtins(surroundings),
                    "allowed": sorted(allowed),
                    "limits": to_builtins(limits),
                    "process_limits": self.process_limits._asdict(),
                },
            )
            _raise(reply)
            root, values = reply.get("root"), reply.get("values")
            if not isinstance(values, dict) or not _is_inside(root):
                raise SkeletonError(f"{skeleton.label}: its code has damaged the result of the bake")
            return _read_tree(work / "result", str(root), skeleton.label, limits), values
        finally:
            _remove(work)

    @staticmethod
    def _lay_out(work: Path, skeleton: Skeleton) -> None:
        for name in ("home", "temporary", "result", "skeleton"):
            (work / name).mkdir()
        for path in skeleton.folders:
            (work / "skeleton" / path).mkdir()
        for path, target in skeleton.folder_links.items():
            (work / "skeleton" / path).symlink_to(os.path.relpath(target, os.path.dirname(path)))  # noqa: PTH120  # relative
        for path, file in skeleton.files.items():
            written = work / "skeleton" / path
            written.write_bytes(file.content)
            written.chmod(file.mode)
        for path in sorted(skeleton.folders, reverse=True):
            (work / "skeleton" / path).chmod(skeleton.folders[path])

    def _run(self, work: Path, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Start the process, send it the request, and return its reply; no process of its group is alive afterwards."""
        command = [sys.executable, "-I", "-m", "scenedock.effects.bakes.confined_child"]
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(work / "home"),
            "TMPDIR": str(work / "temporary"),
        }
        with (work / "reply").open("w+b") as reply:
            process = subprocess.Popen(  # noqa: S603  # no shell, and our own module
                command,
                stdin=subprocess.PIPE,
                stdout=reply,
                stderr=subprocess.DEVNULL,  # it may contain secrets
                cwd=work,
                env=environment,
                start_new_session=True,
            )
            try:
                process.communicate(json.dumps(request).encode(), timeout=self.deadline)
            except subprocess.TimeoutExpired:
                raise LimitError(f"the skeleton's own code took longer than {self.deadline:g} s") from None
            finally:
                _kill_group(process)
            reply.seek(0)
            data = reply.read(_MOST_REPLY_BYTES)
        try:
            answer = json.loads(data)
        except (ValueError, RecursionError):  # a hook can also write to this stream
            answer = None
        if not isinstance(answer, dict):
            raise SkeletonError(f"the skeleton's own code ended the bake (exit code {process.returncode})")
        return answer


def _is_inside(root: object) -> bool:
    return isinstance(root, str) and root != "" and not root.startswith("/") and ".." not in root.split("/")


def _remove(work: Path) -> None:
    """Remove a folder, even if a hook or the skeleton has removed the permission to list a part of it."""
    shutil.rmtree(work, ignore_errors=True)
    if not work.exists():
        return
    for folder, names, _ in os.walk(work):
        for path in (Path(folder, name) for name in names):
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(work, ignore_errors=True)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _raise(reply: Mapping[str, Any]) -> None:
    """Raise the error in the reply of the process, if there is one."""
    if "error" not in reply:
        return
    problems = reply.get("problems")
    if isinstance(problems, list):
        pairs = [pair for pair in problems if isinstance(pair, list) and len(pair) == 2]
        raise AnswersError([AnswerProblem(str(question), str(message)) for question, message in pairs])
    classes = {
        error.__name__: error for error in (InputError, NotAllowedError, NotFoundError, SkeletonError, LimitError)
    }
    error = classes.get(str(reply["error"]), InputError)
    raise error(str(reply.get("message", "")))


def _read_tree(result: Path, root: str, label: str, limits: BakeLimits) -> BakedTree:
    """The files and links that the bake and its hooks have made, without `.git` folders that a hook may have created.

    Names that are not allowed from answers are refused here, too, and so are links that lead elsewhere.
    """
    project = result / root
    if project.resolve() != project or not project.is_dir():  # or replaced a folder on the way there by a link
        raise SkeletonError(f"{label}: a hook has removed the project folder")
    shown = f"{label} → {root}"
    files, folders, links = read_entries(project, shown)
    baked = [BakedFile(path, file.content, file.mode) for path, file in files.items()]
    baked += [BakedFile(path, os.fsencode(text), link=True) for path, text in links.items()]
    kept = [replace(each, path=contained(each.path, each.path, {})) for each in baked if not _is_in_git(each.path)]
    if sum(len(each.content) for each in kept) > limits.output_bytes or len(kept) > limits.files:
        raise LimitError(f"{label}: the result is larger than the limit for bakes")
    linked = {each.path: links[each.path] for each in kept if each.link}
    if said := wrong_link(linked, {each.path for each in kept} - linked.keys()):
        raise SkeletonError(f"{shown}/{said}")
    placed = (replace(each, path=f"{root}/{each.path}") for each in kept)
    inside = {f"{root}/{path}": mode for path, mode in folders.items() if not _is_in_git(path)}
    return BakedTree(root, tuple(sorted(placed)), {root: None, **inside})


def _is_in_git(path: str) -> bool:
    return ".git" in path.split("/")
