"""What helmfiles say, where a repository is too small to show it."""

from __future__ import annotations

from scenedock.catalog.reading.environment_lists import EnvironmentLists
from scenedock.catalog.reading.layouts.helmfile import read
from scenedock.catalog.reading.layouts.shape import Given
from scenedock.catalog.reading.sources import Manifests, Repositories


def test_releases_beyond_all_bounds_have_no_environment_and_a_finding_says_so() -> None:
    environments = "".join(f"  reef-{number}: {{}}\n" for number in range(1500))
    releases = "".join(f"  - {{name: release-{number}, chart: acme/webapp}}\n" for number in range(20))
    text = f"environments:\n{environments}---\nreleases:\n{releases}"
    here = Manifests("repo", ("helmfile.yaml",), frozenset(), "", EnvironmentLists(), lambda _: None)
    said = read(Given(Repositories(here), {}, {"helmfile.yaml": text.encode()}.__getitem__))
    in_none = [unit.name for unit in said.units if unit.environment is None]
    assert in_none == [f"release-{number}" for number in range(13, 20)]
    assert len(said.units) == 13 * 1500 + len(in_none)
    (finding,) = said.findings
    assert (finding.code, finding.place.line) == (
        "too-many-releases",
        text[: text.index("release-13,")].count("\n") + 1,
    )
