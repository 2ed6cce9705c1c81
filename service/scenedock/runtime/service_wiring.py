"""Where the service's effects are built: its key, its Backstage, its catalog, its calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from scenedock.actions import ACTIONS
from scenedock.effects.backstage.catalog import BackstageCatalog
from scenedock.effects.backstage.public_keys import PublicKeys
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.git.clones import RepositoryClone, fetch
from scenedock.effects.git.repositories import ServedRepository
from scenedock.effects.local.disk import read_file
from scenedock.effects.local.facts_file import FactsFile
from scenedock.model.action import BASE_PATH
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.runtime.action_listing import listings
from scenedock.runtime.callers.authenticator import Authenticator
from scenedock.runtime.callers.static_tokens import StaticTokens, read_static_tokens
from scenedock.runtime.calls import Calls
from scenedock.runtime.catalog_feed import CatalogFeed, build_apart
from scenedock.runtime.metrics import Metrics
from scenedock.runtime.service import Service
from scenedock.runtime.settings import Settings
from scenedock.runtime.shared_catalog import SharedCatalog
from scenedock.runtime.tasks.settings import Role, task_settings
from scenedock.runtime.tasks.wiring import open_tasks
from scenedock.runtime.watched_repositories import WatchedRepositories
from scenedock.runtime.wiring import catalog_file, catalog_store, open_effects, signing_key
from scenedock.usecases.catalog.watching import BuiltFeed, Watch
from scenedock.usecases.tasks.run_as_task import TaskCalls


def open_service(
    settings: Settings,
    build_feed: Callable[[Mapping[str, ServedRepository], KeptCatalog | None, Watch], BuiltFeed] | None = None,
    role: Role = "embedded",
) -> Service:
    """The service; nothing runs yet. In the role `web` it leaves tasks to workers.

    Raises
    ------
    InputError, NotFoundError   something that a setting names can't be used
    """
    key = signing_key(settings)
    effects = open_effects(settings)
    feed = CatalogFeed(
        repositories=WatchedRepositories(effects.repositories, partial(_fetch, effects.code_hosts)),
        kept=SharedCatalog(catalog_store(settings), former=catalog_file(settings)),
        seconds=settings.refresh_seconds,
        address=f"{settings.url}{BASE_PATH}/catalog",
        build=build_feed
        or partial(build_apart, settings.build_memory_mib << 20, FactsFile(settings.data / "catalog-facts")),
        backstage=effects.backstage,
    )
    actions = {each.name: each for each in ACTIONS}
    metrics = Metrics(feed.at_hand)
    tasks = open_tasks(task_settings(settings), ACTIONS, effects, role)
    task_calls = TaskCalls(lambda: tasks.effects, ACTIONS)
    return Service(
        settings=settings,
        key=key,
        authenticator=_authenticator(settings, effects.backstage),
        actions=actions,
        effects=effects,
        feed=feed,
        calls=Calls(max(1, settings.threads // 2), metrics, task_calls.run, task_calls.hurry),
        metrics=metrics,
        tasks=tasks,
        listings=listings(actions),
    )


def _fetch(code_hosts: CodeHosts, clone: RepositoryClone) -> None:
    fetch(clone, code_hosts.git_login(clone.remote.repository))


def _authenticator(settings: Settings, backstage: BackstageCatalog | None) -> Authenticator:
    file = settings.tokens_file
    return Authenticator(
        static=read_static_tokens(read_file(file), str(file)) if file else StaticTokens(),
        keys=PublicKeys(backstage.client.get) if backstage else None,
        plugins=settings.backstage_plugins,
    )
