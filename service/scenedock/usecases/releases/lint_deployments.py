"""Lint deployments: what is worth fixing in their values, versions, owners and rendered manifests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from scenedock.effects.git.repositories import Repository, ServedRepository
from scenedock.effects.helm.program import HelmProgram
from scenedock.errors import InputError, NotFoundError
from scenedock.linting.copies import find_copies
from scenedock.linting.rules import kept
from scenedock.linting.secrets import find_secrets
from scenedock.linting.workloads import find_in_workloads
from scenedock.manifests.rendered import Rendered
from scenedock.model.finding import Finding, Place
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.releases.deployed import Deployed, Layer
from scenedock.structs import dataclass, field, replace
from scenedock.usecases.catalog.export_catalog import Export
from scenedock.usecases.catalog.read_served import export_served
from scenedock.usecases.releases.list_deployments import deployments_of
from scenedock.usecases.releases.rendered import Renderings, let_helm_choose
from scenedock.usecases.releases.survey import Survey, survey

_NO_HELM = "nothing was rendered"
_SERVED = "this action doesn't render; the command `scenedock deployments lint` does"


@dataclass(frozen=True, slots=True)
class Lint:
    """The findings, the most severe first, and how many deployments were looked at.

    `unrendered` counts, by reason, those whose limits and probes nobody can tell. `problems` says why a repository
    could not be read, and wasn't looked at.
    """

    findings: tuple[Finding, ...]
    deployments: int
    unrendered: Mapping[str, int] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


def lint_deployments(result: Export, repositories: Mapping[str, Repository], helm: HelmProgram | None = None) -> Lint:
    """Lint the deployments of an export; limits and probes only with `helm`, by what it renders.

    Raises
    ------
    InputError        a repository can't be read, or helm is no version that can be used
    NotFoundError     there is no helm
    NotAllowedError   this machine can't sandbox a process
    """
    all_of = survey(result, repositories, let_helm_choose(helm, repositories))
    said = _said_to_be_deployed(all_of)
    deployed = [each for each, is_said in zip(all_of.deployed, said, strict=True) if is_said]
    releases = tuple(each for each, is_said in zip(all_of.releases, said, strict=True) if is_said)
    deployments = deployments_of(result, releases)
    findings = [each for found in deployments.findings.values() for each in found]
    findings += result.findings
    findings += find_secrets(_layers(all_of.deployed))
    for name, paths in _values_files(deployed).items():
        links = repositories[name].listing().links  # they are how values are shared
        findings += find_copies(name, {path: repositories[name].read(path) for path in paths - links})
    rendered = _rendered(deployed, helm, repositories)
    findings += find_in_workloads(rendered, {_key(each): _place(each) for each in deployed})
    off = {contents.facts.name: contents.settings.lint_off for contents in result.repositories}
    reasons: dict[str, int] = defaultdict(int)
    for each in rendered:
        if each.reason:
            reasons[each.reason] += 1
    return Lint(kept(findings, off), len(deployed), dict(sorted(reasons.items(), key=lambda one: (-one[1], one[0]))))


def lint_served(repositories: Mapping[str, ServedRepository], kept_catalog: KeptCatalog | None) -> Lint:
    """Lint the service's repositories as they are now, without rendering: that takes longer than a request may.

    Raises
    ------
    InputError   no repository can be read
    """
    with export_served(repositories, kept_catalog) as (result, opened):
        found = lint_deployments(result, opened)
    unrendered = {_SERVED if why == _NO_HELM else why: of for why, of in found.unrendered.items()}
    return replace(found, unrendered=unrendered, problems=result.read.problems)


def _said_to_be_deployed(all_of: Survey) -> list[bool]:
    """Of each deployment whether something says that it is one, and not only a chart that others install.

    Where no environment is known at all, charts are all that there is.
    """
    known = {each.repository for each in all_of.deployed if each.environment}
    return [
        each.environment is not None
        or each.repository not in known
        or any((pair.deployment.unit, pair.deployment.application, pair.deployment.item))
        for each, pair in zip(all_of.deployed, all_of.pairs, strict=True)
    ]


def _layers(deployed: Iterable[Deployed]) -> Iterator[tuple[str, Layer]]:
    """All layers with their repositories; a file, which others have as well, once."""
    seen: set[tuple[str, str]] = set()
    for each in deployed:
        for layer in each.layers:
            key = (layer.elsewhere or each.repository, layer.path)
            if not layer.is_file or key not in seen:
                yield each.repository, layer
            seen.update([key] if layer.is_file else [])


def _values_files(deployed: Iterable[Deployed]) -> dict[str, set[str]]:
    files: dict[str, set[str]] = defaultdict(set)
    for each in deployed:
        own = (layer for layer in each.layers if layer.is_file and not layer.elsewhere and layer.values)
        files[each.repository].update(layer.path for layer in own)
    return dict(sorted(files.items()))


def _rendered(
    deployed: Iterable[Deployed], helm: HelmProgram | None, repositories: Mapping[str, Repository]
) -> list[Rendered]:
    renderings = Renderings(helm, repositories) if helm else None
    if renderings:
        renderings.check()
    return [_one(each, renderings) for each in deployed]


def _one(deployed: Deployed, renderings: Renderings | None) -> Rendered:
    nothing = Rendered(deployed.repository, deployed.service, deployed.environment, (), _NO_HELM)
    if renderings is None:
        return nothing
    try:
        manifests = renderings.manifests(deployed)
    except (InputError, NotFoundError) as error:
        return Rendered(*_key(deployed), (), str(error))
    return Rendered(*_key(deployed), manifests)


def _key(deployed: Deployed) -> tuple[str, str, str | None]:
    return deployed.repository, deployed.service, deployed.environment


def _place(deployed: Deployed) -> Place:
    """The last values file of its repository, else its chart."""
    paths = [layer.path for layer in deployed.layers if layer.is_file and not layer.elsewhere and layer.values]
    return Place(deployed.repository, paths[-1] if paths else deployed.chart.path if deployed.chart else "")
