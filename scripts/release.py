"""What a release is: its version and its notes, from pyproject.toml and CHANGELOG.md.

python scripts/release.py check TAG    refuse a tag that isn't the version of everything; prints the version
python scripts/release.py notes        print the part of the changelog about this version
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
SAME = {
    "deploy/chart/Chart.yaml": (r"^version: (\S+)$", r'^appVersion: "(\S+)"$'),
    "Dockerfile": (r"^ARG VERSION=(\S+)$",),
}
"""Files that repeat the version, and how."""


def main() -> None:
    """Do what the arguments say."""
    match sys.argv[1:]:
        case ["check", tag]:
            check(tag)
            print(version())
        case ["notes"]:
            print(notes())
        case _:
            sys.exit(__doc__)


def version() -> str:
    """The version in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def notes() -> str:
    """The section of this version in CHANGELOG.md, without its heading; ends the program if there is none."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {re.escape(version())}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if not section or not section[1].strip():
        sys.exit(
            f"CHANGELOG.md has no section `## {version()}` that says what is new; move there what is under Unreleased"
        )
    return section[1].strip()


def check(tag: str) -> None:
    """End the program if a tag isn't that of this version, or if a file has another version."""
    wrong = [
        f"{name}: {pattern} finds {found}, not {version()}"
        for name, patterns in SAME.items()
        for pattern in patterns
        if (found := re.findall(pattern, (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)) != [version()]
    ]
    if tag != f"v{version()}":
        wrong.append(f"the tag is {tag}, but pyproject.toml says {version()}: the tag of this commit is v{version()}")
    if wrong:
        sys.exit("\n".join(wrong))
    notes()


if __name__ == "__main__":
    main()
