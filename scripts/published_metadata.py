"""A hook of the build: what a package index shows that depends on the address of the repository, which no file says.

`SOURCE_URL` is that address, on GitHub or GitLab, without a slash at its end. The release workflow gives it; without
it, the package has no links, and those of the README stay relative.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class PublishedMetadata(MetadataHookInterface):
    """Adds the links of the project, and the README with links that lead to the files of this version."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set `readme` and `urls`."""
        address = os.environ.get("SOURCE_URL", "")
        if "readme" in metadata:  # a source distribution that is built again has them already
            metadata.setdefault("urls", {})
            return
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        version = f"v{metadata['version']}"
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": _with_full_links(text, address, version) if address else text,
        }
        metadata["urls"] = _links(address, version) if address else {}


def _links(address: str, version: str) -> dict[str, str]:
    return {
        "Changelog": f"{address}/blob/{version}/CHANGELOG.md",
        "Documentation": f"{address}/tree/{version}/docs",
        "Issues": f"{address}/issues",
        "Security": f"{address}/blob/{version}/SECURITY.md",
        "Source": address,
    }


def _with_full_links(text: str, address: str, version: str) -> str:
    """Markdown in which links to files lead to the repository, pictures to the file itself."""
    relative = re.compile(r"(!?\[[^\]]*\]\()(?![a-z]+:|#|/)([^)\s]+)")

    def full(link: re.Match[str]) -> str:
        kind = "raw" if link[1].startswith("!") else "blob"
        return f"{link[1]}{address}/{kind}/{version}/{link[2]}"

    return relative.sub(full, text).replace("<address of this repository>", address)
