"""git for what comes over the network sees of our environment what the network needs, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenedock.effects.git.confined_git import ConfinedGit


def test_git_knows_proxies_and_certificates_and_nothing_else_of_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSL_CAINFO", "/etc/acme/ca.pem")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.acme.example:3128")
    monkeypatch.setenv("SCENEDOCK_SIGNING_KEY", "hush")

    seen = ConfinedGit(tmp_path).output(tmp_path, "-c", "alias.show-environment=!env", "show-environment").decode()

    lines = seen.splitlines()
    assert "GIT_SSL_CAINFO=/etc/acme/ca.pem" in lines
    assert "HTTPS_PROXY=http://proxy.acme.example:3128" in lines
    assert "hush" not in seen
