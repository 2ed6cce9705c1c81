"""The repository of a service's code: a word of the app list, else an address of the chart."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator

from scenedock.catalog.mapping.services import DeployedService
from scenedock.catalog.vocabulary.evidence import Evidence, item_called
from scenedock.catalog.vocabulary.source_urls import ProjectSlug, host_of, project_slug
from scenedock.model.helm import CHART_FILE


def source_code_of(service: DeployedService) -> Iterator[tuple[ProjectSlug, Evidence]]:
    """Source code repositories, the best in front: an app list's word, else the chart's addresses but for this one."""
    for member in service.members:
        repository = member.contents.facts.name
        for item in member.items:
            if item.slug:
                is_gitlab = member.contents.facts.provider == "gitlab"
                host = host_of(member.contents.facts.url)
                listed, pattern = (item.list_path,), item_called(item.key)
                named = ProjectSlug("gitlab" if is_gitlab else "github", host, item.slug)
                yield named, Evidence(item.slug, "an item of the app list", repository, listed, pattern=pattern)
    if not any(folder.chart and folder.chart.sources for folder in service.folders):
        return
    gitops = {project_slug(member.contents.facts.url, member.contents.settings.hosts) for member in service.members}
    for member in service.members:
        hosts = member.contents.settings.hosts
        ours = project_slug(member.contents.facts.url, hosts)
        for folder in member.folders:
            addresses = folder.chart.sources if folder.chart else ()
            slugs: dict[ProjectSlug, str] = {}
            for address in addresses:
                if (slug := project_slug(address, hosts)) and slug not in gitops:
                    slugs.setdefault(slug, address)
            names = {service.name.lower(), posixpath.basename(folder.path).lower()}
            for slug in sorted(slugs, key=lambda slug: _distance(slug, names, ours)):
                chart, pattern = (folder.at(CHART_FILE),), re.escape(slugs[slug])
                said = "`sources` or `home` of the chart"
                yield slug, Evidence(slugs[slug], said, member.contents.facts.name, chart, pattern=pattern)


def _distance(slug: ProjectSlug, names: Collection[str], ours: ProjectSlug | None) -> int:
    """How far a repository is from a folder: called like it, else of the same organisation as its repository."""
    if slug.name.lower() in names:
        return 0
    return 1 if ours and (slug.host, slug.organisation) == (ours.host, ours.organisation) else 2
