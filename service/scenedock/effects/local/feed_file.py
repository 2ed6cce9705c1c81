"""The last valid catalog feed on disk, so that a service can serve it immediately after its start."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from scenedock.catalog.emitting.feed import ComponentLine, Feed
from scenedock.effects.local.disk import write_file
from scenedock.model.addresses import without_credentials
from scenedock.model.finding import Finding, Place

_VERSION = 1


def save_feed(path: Path, feed: Feed) -> None:
    """Write the feed completely or not at all.

    Raises
    ------
    InputError, NotFoundError   it can't be written
    """
    kept = {
        "version": _VERSION,
        "files": {name: data.decode() for name, data in feed.files.items()},
        "by_kind": dict(feed.by_kind),
        "findings": [asdict(finding) for finding in feed.findings],
        "components": [asdict(line) for line in feed.components],
    }
    write_file(path, json.dumps(kept, ensure_ascii=False))


def load_feed(path: Path) -> Feed | None:
    """The saved feed; None if there is none that this version can read.

    Earlier versions saved addresses with the credentials that a repository had in them.
    """
    try:
        kept = json.loads(path.read_bytes())
        if kept["version"] != _VERSION:
            return None
        return Feed(
            files={name: without_credentials(text).encode() for name, text in kept["files"].items()},
            by_kind=kept["by_kind"],
            findings=tuple(Finding(**{**each, "place": Place(**each["place"])}) for each in kept["findings"]),
            components=tuple(ComponentLine(**each) for each in kept["components"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
