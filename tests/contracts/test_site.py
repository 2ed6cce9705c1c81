"""The documentation is a site: every page in its navigation, every link right, and nothing from other hosts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.tools.site import ROOT, build_site

HOOK = "hooks: [docs/site.py]"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs") / "site"
    built = build_site(folder)
    assert built.returncode == 0, built.stderr
    return folder


def test_every_page_has_a_place_and_every_link_and_anchor_a_target(site: Path) -> None:
    pages = {page.parent.name for page in site.glob("*/index.html")}

    assert {"tutorial", "comparison", "backstage", "kubernetes", "changelog", "contributing", "security"} <= pages
    assert 'href="../kubernetes/"' in (site / "operate" / "index.html").read_text(encoding="utf-8")
    assert 'href="../operate/"' in (site / "changelog" / "index.html").read_text(encoding="utf-8")


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    loads = re.compile(
        r"""<(?:script|img|iframe)[^>]+src=["']?https?:|<link[^>]+href=["']?https?:|@import|url\(["']?https?:"""
    )
    pages = list(site.rglob("*.html"))

    assert len(pages) > 100
    assert [page.name for page in pages if loads.search(page.read_text(encoding="utf-8"))] == []


def test_search_finds_what_pages_say(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_bytes())
    found = {each["location"].partition("#")[0] for each in index["docs"] if "scenedock doctor" in each["text"]}

    assert "operate/" in found


def test_a_page_without_a_place_and_a_link_without_a_target_are_refused(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# Start\n\n[gone](gone.md) [here](#nowhere)\n", encoding="utf-8")
    (tmp_path / "docs" / "lost.md").write_text("# Lost\n", encoding="utf-8")
    ours = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").replace(HOOK, "")
    lines = re.sub(r"^nav:\n(?:  .*\n)+", "nav: [index.md]\n", ours, flags=re.MULTILINE)
    (tmp_path / "mkdocs.yml").write_text(lines, encoding="utf-8")

    built = build_site(tmp_path / "site", tmp_path / "mkdocs.yml")

    assert built.returncode != 0
    for told in ("lost.md", "'gone.md'", "'#nowhere'"):
        assert told in built.stderr


@pytest.mark.extended
def test_techdocs_builds_it_where_scenedock_describes_itself(tmp_path: Path) -> None:
    """As Backstage does: it leaves hooks out, adds its plugin, and isn't strict about links that lead out of docs/."""
    (entity, *_rest) = yaml.safe_load_all((ROOT / "catalog-info" / "catalog-info.yaml").read_bytes())
    ours = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert HOOK in ours
    patched = ours.replace(HOOK, f"# {HOOK}").replace("strict: true", "strict: false")
    patched = patched.replace("plugins: [search]", "plugins: [search, techdocs-core]")
    configuration = tmp_path / "mkdocs.yml"
    configuration.write_text(patched.replace("docs_dir: docs", f"docs_dir: {ROOT / 'docs'}"), encoding="utf-8")

    built = build_site(tmp_path / "site", configuration)
    warnings = [line for line in built.stderr.splitlines() if "WARNING" in line]

    assert entity["metadata"]["annotations"]["backstage.io/techdocs-ref"] == "dir:.."
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "site" / "techdocs_metadata.json").is_file()
    assert warnings
    assert [line for line in warnings if not leads_out(line)] == []


def leads_out(warning: str) -> bool:
    """Whether it is about a link to something outside docs/ that is there."""
    link = re.search(r"Doc file '(.+)' contains a link '([^'#]+)[^']*'", warning)
    if link is None:
        return False
    target = (ROOT / "docs" / link[1]).parent.joinpath(link[2]).resolve()
    return target.exists() and ROOT.resolve() in target.parents and ROOT.resolve() / "docs" not in target.parents
