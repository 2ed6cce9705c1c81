"""git itself as a client of a fake."""

from __future__ import annotations

import os
import subprocess

from tests.tools.git_server import GIT


def git(*arguments: str, token: str = "") -> subprocess.CompletedProcess[str]:
    """Run git, with a token for whoever asks for a password."""
    identity = {f"GIT_{who}_{what}": "t@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    answers = [
        "-c",
        "credential.helper=",
        "-c",
        f'credential.helper=!f() {{ echo username=x; echo "password={token}"; }}; f',
    ]
    return subprocess.run(
        ["git", *(answers if token else []), *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**GIT, **identity, "GIT_TERMINAL_PROMPT": "0", "HOME": os.devnull},
    )
