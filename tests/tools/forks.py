"""A command of Python again and again, each call a process of its own, forked from one that has imported it once.

What takes long is to import. A call has its own environment, folder, modules and output all the same; only what Python
reads when it starts (its own variables, the locale) is that of the first process. Run as a program, this is that
process: each line of its input is a call.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

SECONDS = 120
"""After these, a call is ended: it hangs."""


class Forks:
    """Calls of `command`, `module:attribute`; `options` are Python's, and `modules` are imported, too."""

    def __init__(
        self, command: str, environment: Mapping[str, str], *, options: Sequence[str] = (), modules: Sequence[str] = ()
    ) -> None:
        self._output = tempfile.TemporaryDirectory(prefix="forks-")
        self._environment = dict(environment)
        self._process = subprocess.Popen(
            [sys.executable, *options, __file__, command, *modules],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        atexit.register(self._end)

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """What a call has printed; it has the environment of the first process unless it gets another."""
        assert self._process.stdin
        assert self._process.stdout
        output = {name: str(Path(self._output.name, name)) for name in ("stdout", "stderr")}
        call = {
            "arguments": arguments,
            "environment": dict(self._environment if environment is None else environment),
            "cwd": str(cwd or Path.cwd()),
            **output,
        }
        self._process.stdin.write(json.dumps(call) + "\n")
        exit_code = int(self._process.stdout.readline())
        stdout, stderr = (Path(file).read_text(encoding="utf-8") for file in output.values())
        return subprocess.CompletedProcess(list(arguments), exit_code, stdout, stderr)

    def _end(self) -> None:
        self._process.communicate()
        self._output.cleanup()


def _call(
    main: Any, name: str, arguments: list[str], environment: dict[str, str], cwd: str, stdout: str, stderr: str
) -> NoReturn:
    signal.alarm(SECONDS)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for file, descriptor in ((stdout, 1), (stderr, 2)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    main(arguments, prog_name=name)
    raise AssertionError("the command ends the process")


def _serve(command: str, *modules: str) -> None:
    module, _, attribute = command.partition(":")
    main = getattr(import_module(module), attribute)
    for each in modules:
        import_module(each)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _call(main, module.partition(".")[0], **json.loads(line))
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    del sys.path[0]  # this folder, which has modules of tests alone
    _serve(*sys.argv[1:])
