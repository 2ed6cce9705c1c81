"""The names of repositories in messages."""

from __future__ import annotations

from collections.abc import Sequence

from scenedock.errors import InputError


def name_repositories(paths: Sequence[tuple[str, str]]) -> dict[str, str]:
    """A name for each path: its last folder, with more of the path if two names would be equal.

    `paths` are pairs of the path as it was typed and the absolute path. The name of a bare repository has no `.git`.

    Raises
    ------
    InputError   a path occurs twice
    """
    names: dict[str, str] = {}
    for number, (path, absolute) in enumerate(paths):
        if any(absolute == other for _, other in paths[:number]):
            raise InputError(f"{path}: this repository is listed twice; list each only once")
        text = absolute.encode(errors="surrogateescape").decode(errors="replace")
        segments = [segment.removesuffix(".git") or segment for segment in text.split("/") if segment] or ["root"]
        for length in range(1, len(segments) + 1):
            name = "/".join(segments[-length:])
            if name not in names:
                break
        else:  # two paths that differ only in bytes that are not Unicode
            name = f"{name} ({number + 1})"
        names[name] = path
    return names
