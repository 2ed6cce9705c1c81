"""Pages of the site from outside docs/, and the links to and from them; `mkdocs build` calls this."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
OUTSIDE = {
    "deploy/chart/README.md": ("Operate", "In Kubernetes", "kubernetes.md"),
    "CHANGELOG.md": ("Project", "Changes", "changelog.md"),
    "CONTRIBUTING.md": ("Project", "Contributing", "contributing.md"),
    "SECURITY.md": ("Project", "Security", "security.md"),
}
"""Files of the repository: the part of the navigation and the title that they get, and their path in the site."""
ADDRESSES = {file: address for file, (_part, _title, address) in OUTSIDE.items()}
LINK = re.compile(r"\[([^]]*)\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Enter the pages into the navigation."""
    parts: dict[str, Any] = {name: part for each in config.nav or [] for name, part in each.items()}
    for part, title, address in OUTSIDE.values():
        parts[part].append({title: address})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    for file, address in ADDRESSES.items():
        files.append(File.generated(config, address, content=(ROOT / file).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - the interface
    """The text of a page, with links that are right in the site; what has no page there isn't a link."""
    here = page.file.src_uri
    source = next((file for file, address in ADDRESSES.items() if address == here), f"docs/{here}")

    def right(link: re.Match[str]) -> str:
        text, target, anchor = link[1], link[2], link[3] or ""
        named = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        address = ADDRESSES.get(named, named.removeprefix("docs/") if named.startswith("docs/") else "")
        if not address:
            return text if (ROOT / unquote(named)).exists() else link[0]
        return f"[{text}]({posixpath.relpath(address, posixpath.dirname(here) or '.')}{anchor})"

    return LINK.sub(right, markdown)
