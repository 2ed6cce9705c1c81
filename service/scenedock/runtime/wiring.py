"""Builds effects: here for every door, in `service_wiring` for the service.

The libraries of an effect are imported only when it is built.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scenedock.effects.git.repositories import Repository, RepositoryFolder, ServedRepository, name_repositories
from scenedock.effects.local.disk import cache_folder, read_file
from scenedock.errors import InputError

if TYPE_CHECKING:
    from scenedock.actions.effects import Effects
    from scenedock.effects.backstage.catalog import BackstageCatalog
    from scenedock.effects.backstage.signing_keys import SigningKey
    from scenedock.effects.code_hosts.hosts import CodeHosts
    from scenedock.effects.local.catalog_file import CatalogStore
    from scenedock.effects.sealed_secrets.certificates import Certificates
    from scenedock.effects.skeletons.library import SkeletonLibrary
    from scenedock.effects.tasks.effects import TaskEffects
    from scenedock.effects.tasks.storage.folder_table import FolderTable
    from scenedock.model.kept_catalog import KeptCatalog
    from scenedock.releases.listing import ReadState
    from scenedock.runtime.settings import Settings


RUN_APART = (
    "scenedock.effects.local.facts_rules",
    "scenedock.usecases.assessment.assess_applications",
    "scenedock.usecases.catalog.build_feed",
    "scenedock.usecases.catalog.explain_service",
    "scenedock.usecases.changes.plan_served",
    "scenedock.usecases.environments.plan_served",
    "scenedock.usecases.environments.retire_served",
    "scenedock.usecases.manifests.preview",
    "scenedock.usecases.releases.follow_versions",
    "scenedock.usecases.releases.lint_deployments",
    "scenedock.usecases.releases.measure_delivery",
    "scenedock.usecases.releases.overview",
    "scenedock.usecases.secrets.find_served",
)
"""The modules of what is run in a process of its own, and of what must be as old as they are."""


@contextmanager
def open_repositories(paths: Mapping[str, Path], ref: str | None = None) -> Iterator[Mapping[str, Repository]]:
    """The repositories at some paths: as folders, or from git at a ref. Nothing is read yet."""
    if ref is None:
        yield {name: RepositoryFolder(path) for name, path in paths.items()}
        return
    from scenedock.effects.git.revisions import GitRevision

    with ExitStack() as opened:
        yield {name: opened.enter_context(GitRevision(path, ref)) for name, path in paths.items()}


def served_repositories(named: Sequence[str], clones: Path) -> dict[str, ServedRepository]:
    """The repositories of the service by name, for their paths and addresses; those at addresses are kept in `clones`.

    Raises
    ------
    InputError   a repository is named twice, or an address is wrong
    """
    from scenedock.effects.git.clones import RemoteBranch, RepositoryClone

    remotes = {each: RemoteBranch.read(each) for each in named if "://" in each}
    absolute = [(each, remotes[each].url if each in remotes else os.path.abspath(each)) for each in named]  # noqa: PTH100 - it resolves no links
    return {
        name: RepositoryClone.below(clones, remotes[each]) if each in remotes else RepositoryFolder(Path(each))
        for name, each in name_repositories(absolute).items()
    }


def catalog_store(settings: Settings) -> CatalogStore:
    """Where the catalog of the installation is kept: the PostgreSQL of tasks if there is one, else the data folder.

    Raises
    ------
    InputError   the address of the database can't be one
    """
    from scenedock.effects.tasks.storage.catalog_table import CatalogTable
    from scenedock.effects.tasks.storage.database import database_address

    address = database_address(settings.database_url, settings.data)
    return catalog_file(settings) if address.file else CatalogTable(address)


def catalog_file(settings: Settings) -> CatalogStore:
    """Where the catalog is kept without a PostgreSQL; what is there from such a time is taken over."""
    from scenedock.effects.local.catalog_file import CatalogFile

    return CatalogFile(settings.data / "catalog-feed.json")


def signing_key(settings: Settings) -> SigningKey:
    """Our key: the configured one, else that of the data folder.

    Raises
    ------
    InputError   the configured key can't be used, or replicas need one that they share
    """
    from scenedock.effects.backstage.signing_keys import read_signing_key, shared_signing_key
    from scenedock.effects.tasks.storage.database import database_address
    from scenedock.runtime.settings import variable

    if settings.signing_key:
        return read_signing_key(settings.signing_key.encode(), variable("signing_key"))
    is_shared = settings.folders_address or settings.oidc_issuer or settings.trusted_proxy
    if is_shared and database_address(settings.database_url, settings.data).file is None:
        raise InputError(
            f"{variable('signing_key')} must be set: with PostgreSQL, what one replica or worker signs must be valid "
            "at all: the address of a result folder, a sign-in that was begun, a form. Give all of them the same key "
            f"(openssl ecparam -name prime256v1 -genkey -noout), or the same file with it "
            f"({variable('signing_key')}_FILE)"
        )
    return shared_signing_key(settings.data / "signing-key.pem")


def open_effects(
    settings: Settings,
    tasks: Callable[[], TaskEffects],
    last: Callable[[], KeptCatalog | None] | None = None,
    renew: Callable[[Collection[str]], object] = frozenset,
    stale: Callable[[], Mapping[str, ReadState]] = dict,
) -> Effects:
    """The effects that actions need; `tasks` opens the database that has their result folders, when one is needed.

    `last` gives the catalog that is kept, as somebody knows it who is at hand; else the store is asked. `renew` is told
    which repositories have changed; without a feed in this process, nobody needs to know, and none is known as `stale`.

    Raises
    ------
    InputError, NotFoundError   something that a setting names can't be used
    """
    from scenedock.actions.effects import Effects
    from scenedock.effects.bakes.confined_bakes import ConfinedBakes
    from scenedock.effects.bakes.result_folders import ResultFolders
    from scenedock.effects.code_hosts.application_clones import ApplicationClones
    from scenedock.effects.git.served_apart import ServedApart
    from scenedock.effects.helm.chart_cache import ChartCache
    from scenedock.effects.helm.program import HelmProgram
    from scenedock.effects.kustomize.program import KustomizeProgram
    from scenedock.effects.local.apart import import_once
    from scenedock.effects.local.facts_file import FactsFile
    from scenedock.runtime.approvals_wiring import open_approvals
    from scenedock.usecases.manifests.tools import RenderingTools

    import_once(RUN_APART)

    def folders() -> FolderTable:
        opened = tasks()  # loads all of SQLAlchemy: to use its core while another thread loads the rest fails
        from scenedock.effects.tasks.storage.folder_table import FolderTable

        return FolderTable(opened.database, opened.clock)

    def kept() -> KeptCatalog | None:
        with closing(catalog_store(settings)) as store:
            return store.load()

    key = signing_key(settings)
    catalog = _open_backstage(settings, key)
    repositories = served_repositories(settings.repositories, settings.data / "repositories")
    code_hosts = list_code_hosts(settings.code_hosts)
    return Effects(
        repositories=repositories,
        apart=ServedApart(
            repositories,
            last or kept,
            settings.build_memory_mib << 20,
            FactsFile(settings.data / "version-facts", makes_folder=False, keeps_credentials=False),
            stale,
        ),
        skeletons=open_skeletons(settings.skeletons, settings.cookiecutters),
        bakes=ConfinedBakes(),
        results=ResultFolders(
            folders,
            settings.folders_address,
            key,
            settings.folders_seconds,
            settings.folders_bytes,
            former=settings.data / "folders",
        ),
        code_hosts=code_hosts,
        applications=ApplicationClones(settings.data / "applications", code_hosts),
        backstage=catalog,
        helm=HelmProgram(settings.helm),
        rendering=RenderingTools(
            HelmProgram(settings.helm),
            KustomizeProgram(settings.kustomize),
            ChartCache(settings.helm_charts or settings.data / "charts"),
        ),
        renew=renew,
        certificates=list_certificates(settings.certificates),
        approvals=open_approvals(settings, tasks, catalog.client if catalog else None),
        groups=_groups_of(catalog),
    )


def _open_backstage(settings: Settings, key: SigningKey) -> BackstageCatalog | None:
    """Backstage's catalog; None if there is no Backstage: then the libraries for HTTP aren't loaded."""
    if not settings.backstage_url:
        return None
    from scenedock.effects.backstage.catalog import BackstageCatalog
    from scenedock.effects.backstage.client import BackstageClient
    from scenedock.effects.backstage.plugin_tokens import PluginTokens

    return BackstageCatalog(BackstageClient(settings.backstage_url, PluginTokens(key).token))


def _groups_of(catalog: BackstageCatalog | None) -> Callable[[str], Collection[str]]:
    if catalog is None:
        return lambda _user: ()
    from scenedock.effects.backstage.user_groups import UserGroups

    return UserGroups(catalog).of


def trust_authorities(file: Path | None) -> None:
    """Trust a company's certificate authorities from now on, in this process and in those that it starts.

    Raises
    ------
    InputError, NotFoundError   the file has no valid certificate, or isn't there
    """
    if file is not None:
        from scenedock.effects.network.trust import trust

        trust(file, cache_folder() / "certificates")


def list_certificates(listed: Path | None) -> Certificates:
    """The certificates of a list (a YAML file).

    Raises
    ------
    InputError, NotFoundError   the list or a file can't be used
    """
    from scenedock.effects.sealed_secrets.certificates import Certificates, read_certificates

    return Certificates() if listed is None else read_certificates(read_file(listed), str(listed), listed.parent)


def list_code_hosts(listed: Path | None) -> CodeHosts:
    """The code hosts of a list (a YAML file), with their secrets.

    Raises
    ------
    InputError, NotFoundError   the list or a secret can't be used
    """
    from scenedock.effects.code_hosts.hosts import CodeHosts, open_code_hosts

    if listed is None:
        return CodeHosts()
    from scenedock.effects.code_hosts.host_list import read_code_hosts

    return open_code_hosts(read_code_hosts(read_file(listed), str(listed)), listed, os.environ)


def open_skeletons(listed: Path | None, shipped: Path | None) -> SkeletonLibrary:
    """The skeletons of a list (a YAML file) and those that ship with Scenedock, `shipped` being their folder.

    Clones and compiled templates are kept below `XDG_CACHE_HOME` (`~/.cache`).

    Raises
    ------
    InputError, NotFoundError   the list can't be used, or nothing says where the user's caches are
    """
    from importlib.metadata import version

    from scenedock.effects.skeletons.compiled_code import CompiledCodeFolder
    from scenedock.effects.skeletons.library import SkeletonLibrary
    from scenedock.effects.skeletons.repositories import SkeletonRepositories
    from scenedock.skeletons.rendering.compiled import CompiledSkeletons
    from scenedock.skeletons.sources import read_sources

    sources = read_sources(read_file(listed), str(listed)) if listed is not None else ()
    cache = cache_folder()
    return SkeletonLibrary(
        sources=sources,
        listed_in=listed.parent if listed is not None else Path(),
        shipped=shipped if shipped is not None else shipped_folder("cookiecutters"),
        repositories=SkeletonRepositories(cache / "skeletons"),
        release=version("scenedock") if shipped is None else "",
        compiled=CompiledSkeletons(code_of=CompiledCodeFolder(cache / "compiled").of),
    )


def shipped_folder(name: str) -> Path | None:
    """A folder of the checkout that contains this code, or of the image or package."""
    places = (Path(__file__).parents[3] / name, Path(sys.prefix) / "share" / "scenedock" / name)
    return next((place for place in places if place.is_dir()), None)
