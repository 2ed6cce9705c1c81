"""Lock what the skeleton `microservice-python` depends on: its requirements files, as templates.

    python scripts/lock_skeleton.py [--upgrade]

Pinned versions stay, unless `--upgrade` is given. The locks for the oldest Python hold what newer ones need, too; what
only a database needs is in them only with a database.
"""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cookiecutter.main import cookiecutter

SKELETON = Path(__file__).parents[1] / "cookiecutters" / "microservice-python"
LOCKS = ("requirements-dev.txt", "requirements.txt")
OLDEST = "3.11"


def locked(database: str, folder: Path) -> Path:
    """A service with new locks."""
    answers = {"name": "service", "database": database, "python_version": OLDEST}
    config = folder / "config.yaml"
    config.write_text(f"{{cookiecutters_dir: {folder}, replay_dir: {folder}}}", encoding="utf-8")
    made = cookiecutter(
        str(SKELETON), no_input=True, extra_context=answers, output_dir=str(folder / database), config_file=str(config)
    )
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "UV_NO_CONFIG": "1"}
    command = ["make", "--silent", "lock", f"upgrade={' '.join(sys.argv[1:])}"]
    subprocess.run(command, cwd=made, env=environment, check=True)  # noqa: S603 - our own Makefile
    return Path(made)


def merged(without: Sequence[str], with_database: Sequence[str]) -> str:
    """Both locks as one template."""
    lines: list[str] = []
    matcher = difflib.SequenceMatcher(None, without, with_database, autojunk=False)
    for kind, begin, end, other_begin, other_end in matcher.get_opcodes():
        if kind == "equal":
            lines += without[begin:end]
            continue
        lines += ["{% if cookiecutter.database == 'postgresql' %}\n", *with_database[other_begin:other_end]]
        if kind != "insert":
            lines += ["{% else %}\n", *without[begin:end]]
        lines.append("{% endif %}\n")
    return "".join(lines)


def main() -> None:
    """Lock both kinds of services, and write what they have in common once."""
    with tempfile.TemporaryDirectory() as work:
        services = [locked(database, Path(work)) for database in ("none", "postgresql")]
        for name in LOCKS:
            texts = [(service / name).read_text(encoding="utf-8").splitlines(keepends=True) for service in services]
            (SKELETON / "{{ cookiecutter.name }}" / name).write_text(merged(*texts), encoding="utf-8")


if __name__ == "__main__":
    main()
