"""The documentation as a site, built as strictly as mkdocs can; as a program, into out/site."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.tools.venv import mkdocs_folder

ROOT = Path(__file__).parents[2]


def build_site(folder: Path, configuration: Path = ROOT / "mkdocs.yml") -> subprocess.CompletedProcess[str]:
    """Build it; what mkdocs says, with a return code that isn't 0 if a link, an anchor or the navigation is wrong."""
    command = [str(mkdocs_folder() / "mkdocs"), "build", "--config-file", str(configuration), "--site-dir", str(folder)]
    environment = {"PATH": os.environ["PATH"], "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    built = build_site(ROOT / "out" / "site")
    sys.stderr.write(built.stderr)
    if built.returncode == 0:
        sys.stdout.write("To read it: python3 -m http.server --directory out/site\n")
    sys.exit(built.returncode)
