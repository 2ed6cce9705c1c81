"""What somebody has probably written by mistake in settings and charts, and what would silently not count."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator

from scenedock.catalog.reading.plan import Plan
from scenedock.catalog.vocabulary.environments import KNOWN_ENVIRONMENTS, word_of_values_file
from scenedock.catalog.vocabulary.settings import FILE_NAME, CatalogSettings
from scenedock.model.finding import Finding, Place
from scenedock.model.helm import CHART_FILE, HelmFolder, Listing

_OTHER_NAMES = ("scenedock.yml", ".scenedock.yaml", ".scenedock.yml")
_MOST_WORDS = 8
_NEAR = 0.6
"""`stage` and `staging` are as near as this."""


def find_in_settings(repository: str, settings: CatalogSettings, listing: Listing) -> Iterator[Finding]:
    """Settings under a name that isn't read, and keys that are set twice."""
    for name in _OTHER_NAMES:
        if name in listing.inside:
            message = f"{name} is not read: settings are in {FILE_NAME}"
            yield Finding(
                "warning", "settings-not-read", message, Place(repository, name), f"Rename it to {FILE_NAME}."
            )
    for key, before, line in settings.repeated:
        message = f"{key!r} is set on line {before} and again here; the last one counts"
        place = Place(repository, FILE_NAME, line)
        yield Finding("warning", "repeated-key", message, place, "Remove one of the two.")


def find_unused_names(
    repository: str, plan: Plan, settings: CatalogSettings, listing: Listing, proven: Collection[str]
) -> Iterator[Finding]:
    """A warning for each environment that settings name, nothing has, and that is probably another one misspelt.

    One warning where nothing has any of them: then the services have no environments, or only those that tools have
    `proven`. A name that is like no other may be of an environment that is yet to come.
    """
    names = settings.names
    if not names.closed or not plan.charts:
        return
    files = (name for chart in plan.charts for name in chart.files if name.startswith("values"))
    words = sorted({word for name in files if (word := word_of_values_file(name))})
    if any(name in proven or any(name in path for path in listing.inside) for name in names.known):
        folders = {part for path in listing.inside for part in path.split("/")[:-1]} & {*KNOWN_ENVIRONMENTS}
        yield from _find_misspelt(repository, names.known, {*words, *folders, *proven}, "\n".join(listing.inside))
        return
    there = (
        f"; values files name {', '.join(words[:_MOST_WORDS])}{' …' if len(words) > _MOST_WORDS else ''}"
        if words
        else ""
    )
    known = ", ".join(names.known)
    yield Finding(
        "warning",
        "environments-not-found",
        f"nothing here has an environment that `environments.known` names ({known}), and no others count{there}",
        Place(repository, FILE_NAME),
        "Correct the names in `environments.known`, or remove the setting.",
    )


def _find_misspelt(repository: str, known: Collection[str], used: Collection[str], paths: str) -> Iterator[Finding]:
    from difflib import get_close_matches

    others = sorted({*used} - {*known})
    for name in known if others else ():
        if name in used or re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", paths):
            continue
        begun = [each for each in others if each.startswith(name) or name.startswith(each)]
        if near := begun or get_close_matches(name, others, n=1, cutoff=_NEAR):
            message = f"`environments.known` names {name!r}, which nothing here has; {near[0]!r} doesn't count"
            remedy = f"Write {near[0]!r}, if that is meant, or remove the name."
            yield Finding("warning", "environment-not-found", message, Place(repository, FILE_NAME), remedy)


def find_missing_charts(repository: str, folders: Iterable[HelmFolder], listing: Listing) -> Iterator[Finding]:
    """Dependencies on charts by `file://` that aren't there, neither at that path nor as a copy in `charts`.

    A path out of the repository may be right where it is a part of another.
    """
    for folder in folders:
        for each in folder.chart.dependencies if folder.chart else ():
            if not each.missing or each.missing.startswith(".."):
                continue
            places = (each.missing, posixpath.join(each.missing, each.name), folder.at(f"charts/{each.name}"))
            if any(posixpath.join(path, CHART_FILE).removeprefix("./") in listing.files for path in places):
                continue
            if any(path.startswith(folder.at(f"charts/{each.name}-")) for path in listing.files):
                continue
            message = f"the dependency {each.name!r} is a chart in {each.missing}, where there is none"
            remedy = "Correct the path after `file://`: Helm can't install this chart."
            yield Finding("warning", "missing-chart", message, Place(repository, folder.at(CHART_FILE)), remedy)
