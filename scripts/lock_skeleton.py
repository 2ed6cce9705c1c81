"""Lock what the skeleton `microservice-python` depends on: its uv.lock, as a template.

Pinned versions stay, unless `--upgrade` is given. The lock for the oldest Python holds what newer ones need, too; what
only a database needs is in the lock only with a database.
"""

from __future__ import annotations

import difflib
import subprocess
import sys
import tempfile
from pathlib import Path

from cookiecutter.main import cookiecutter

SKELETON = Path(__file__).parents[1] / "cookiecutters" / "microservice-python"
LOCK = SKELETON / "{{ cookiecutter.name }}" / "uv.lock"
OLDEST = "3.11"
REQUIRES = 'requires-python = ">={}"\n'


def lock(database: str, folder: Path) -> list[str]:
    """The lines of the lock of a service."""
    answers = {"name": "service", "database": database, "python_version": OLDEST}
    config = folder / "config.yaml"
    config.write_text(f"{{cookiecutters_dir: {folder}, replay_dir: {folder}}}", encoding="utf-8")
    made = cookiecutter(
        str(SKELETON), no_input=True, extra_context=answers, output_dir=str(folder / database), config_file=str(config)
    )
    uv = [sys.executable, "-m", "uv", "lock", "--quiet", "--no-config", "--python", sys.executable, *sys.argv[1:]]
    subprocess.run(uv, cwd=made, check=True)  # noqa: S603 - our own uv
    return (Path(made) / "uv.lock").read_text(encoding="utf-8").splitlines(keepends=True)


def merged(without: list[str], with_database: list[str]) -> str:
    """Both locks as one template."""
    lines = []
    matcher = difflib.SequenceMatcher(None, without, with_database, autojunk=False)
    for kind, begin, end, other_begin, other_end in matcher.get_opcodes():
        if kind == "equal":
            lines += without[begin:end]
            continue
        lines.append("{% if cookiecutter.database == 'postgresql' %}\n")
        lines += with_database[other_begin:other_end]
        if kind != "insert":
            lines += ["{% else %}\n", *without[begin:end]]
        lines.append("{% endif %}\n")
    return "".join(lines).replace(REQUIRES.format(OLDEST), REQUIRES.format("{{ cookiecutter.python_version }}"))


def main() -> None:
    """Lock, with the options of `uv lock`."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        LOCK.write_text(merged(lock("none", folder), lock("postgresql", folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
