"""Where the service's effects are built: its key, its Backstage, its catalog, its calls."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenedock.actions.effects import Effects
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.code_hosts.token_expiry import TokenExpiry
from scenedock.effects.facts.table import FactsTable
from scenedock.effects.git.clones import RepositoryClone, fetch
from scenedock.effects.git.repositories import ServedRepository
from scenedock.errors import InputError, NotFoundError
from scenedock.model.action import BASE_PATH, Action
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.runtime.action_listing import ActionTable, BackstageLists
from scenedock.runtime.callers.authenticator import Authenticator
from scenedock.runtime.callers.static_tokens import StaticTokens
from scenedock.runtime.calls import Calls, Room
from scenedock.runtime.feed.building_apart import build_apart, edit_apart
from scenedock.runtime.feed.catalog_feed import CatalogFeed
from scenedock.runtime.feed.data_folder import DataFolder
from scenedock.runtime.feed.open_changes import KeptOpenChanges
from scenedock.runtime.feed.other_origins import OtherOrigins
from scenedock.runtime.feed.overview import KeptOverview
from scenedock.runtime.feed.shared_catalog import SharedCatalog
from scenedock.runtime.feed.watched_repositories import WatchedRepositories
from scenedock.runtime.metrics import Metrics
from scenedock.runtime.named_files import action_rules, static_tokens
from scenedock.runtime.service import Service
from scenedock.runtime.settings import Settings, variable
from scenedock.runtime.sign_in_wiring import open_sign_in
from scenedock.runtime.tasks.key_wiring import open_key_witness
from scenedock.runtime.tasks.settings import Role, task_settings
from scenedock.runtime.tasks.wiring import open_tasks
from scenedock.runtime.wiring import catalog_file, catalog_store, open_effects, signing_key
from scenedock.usecases.catalog.watching import BuiltFeed, Watch
from scenedock.usecases.changes.open_changes import list_open_changes
from scenedock.usecases.permissions import Permissions
from scenedock.usecases.tasks.run_as_task import TaskCalls

if TYPE_CHECKING:
    from scenedock.effects.backstage.catalog import BackstageCatalog
    from scenedock.effects.backstage.public_keys import PublicKeys
    from scenedock.effects.backstage.signing_keys import SigningKey
    from scenedock.usecases.releases.overview import Overview

_READING_AT_ONCE: Final = 8
"""How many read-only actions run at once: they take processor time of this process."""
_PLACES_FOR_EACH_THREAD: Final = 2
"""While one call's task runs, the next one's is stored and ready to begin."""


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
    for each in settings.repositories:
        if "://" not in each and not Path(each).is_dir():
            raise NotFoundError(f"{variable('repositories')}: there is no folder {each}")
    if settings.board_owner and not settings.folders_address:
        raise InputError(
            f"{variable('board_owner')}: Backstage can't fetch the board; set {variable('folders_listen')}, too"
        )
    key = signing_key(settings)
    kept = SharedCatalog(catalog_store(settings), former=catalog_file(settings))
    effects = open_effects(
        settings,
        lambda: tasks.effects,
        kept.last,
        lambda names: feed.want(names),  # noqa: PLW0108 - there is no feed yet
        lambda: feed.repositories.stale_states(),  # noqa: PLW0108
    )
    memory, facts = settings.build_memory_mib << 20, FactsTable(settings.data / "catalog-facts")
    feed = CatalogFeed(
        repositories=WatchedRepositories(
            effects.repositories, partial(_fetch, effects.code_hosts, settings.history_commits)
        ),
        kept=kept,
        seconds=settings.refresh_seconds,
        address=f"{settings.url}{BASE_PATH}/catalog",
        build=build_feed or partial(build_apart, memory, facts),
        edit=(lambda *_: None) if build_feed else partial(edit_apart, memory, facts, kept.store),
        backstage=effects.backstage,
        origins=OtherOrigins(effects.backstage),
        links=settings.links,
    )
    actions = ActionTable(_load_actions)
    token_expiry = TokenExpiry(effects.code_hosts)
    metrics = Metrics(feed.at_hand, lambda: tasks.count(), token_expiry.days, lambda: service.reasons())  # noqa: PLW0108 - there are no tasks yet
    tokens = static_tokens(settings)
    tasks = open_tasks(task_settings(settings), actions.values(), effects, role, metrics.tasks.note)
    task_calls = TaskCalls(lambda: tasks.effects, actions.values())
    service = Service(
        settings=settings,
        key=key,
        authenticator=Authenticator(
            static=tokens,
            keys=_public_keys(settings, effects.backstage),
            plugins=settings.backstage_plugins,
        ),
        sign_in=open_sign_in(settings, tokens, key),
        actions=actions,
        effects=effects,
        feed=feed,
        overview=KeptOverview(
            lambda: feed.state,
            partial(_read_overview, effects),
            most_waiting=max(1, settings.threads // 8),
        ),
        open_changes=_open_changes(effects),
        calls=Calls(_room(settings, role), metrics, task_calls.run, task_calls.hurry),
        metrics=metrics,
        tasks=tasks,
        permissions=_permissions(settings, tokens, effects.backstage, key),
        listings=BackstageLists(),
        token_expiry=token_expiry,
        key_witness=open_key_witness(settings, key, role),
        data=DataFolder(settings.data, has_database=bool(settings.database_url)),
    )
    return service


def _load_actions() -> Collection[Action[Effects]]:
    from scenedock.actions import ACTIONS

    return ACTIONS


def _read_overview(effects: Effects) -> Overview:
    from scenedock.usecases.releases.overview import read_overview

    return effects.apart.read(read_overview, effects.apart.versions, effects.apart.stale())


def _open_changes(effects: Effects) -> KeptOpenChanges:
    ask = partial(list_open_changes, effects.code_hosts, effects.repositories)
    return KeptOpenChanges(None if effects.code_hosts.is_empty else ask, tuple(effects.repositories))


def _room(settings: Settings, role: Role) -> Room:
    """Room for calls. Here tasks wait for the next thread, but for workers there is more: they may be many."""
    most = max(1, settings.threads * 3 // 4)
    writing = most // 2 if role == "web" else _PLACES_FOR_EACH_THREAD * settings.task_threads
    return Room(max(1, writing), _READING_AT_ONCE, most, settings.queue_seconds)


def _fetch(code_hosts: CodeHosts, history: int, clone: RepositoryClone) -> None:
    fetch(clone, code_hosts.git_login(clone.remote.repository), history=history)


def _public_keys(settings: Settings, backstage: BackstageCatalog | None) -> PublicKeys | None:
    """Backstage's keys, for which at most half of the threads wait."""
    if backstage is None:
        return None
    from scenedock.effects.backstage.public_keys import PublicKeys

    return PublicKeys(backstage.client.get, most_waiting=max(1, settings.threads // 2))


def _permissions(
    settings: Settings, tokens: StaticTokens, backstage: BackstageCatalog | None, key: SigningKey
) -> Permissions:
    rules = action_rules(settings, tokens)
    if backstage is None:
        if settings.backstage_permissions:
            raise InputError(
                f"{variable('backstage_permissions')}: there is no Backstage to ask; set {variable('backstage_url')}"
            )
        return Permissions(rules)
    from scenedock.effects.backstage.permission_policy import PermissionPolicy
    from scenedock.effects.backstage.plugin_tokens import PluginTokens
    from scenedock.effects.backstage.user_groups import UserGroups

    asked = settings.backstage_permissions
    policy = PermissionPolicy(backstage.client, PluginTokens(key)) if asked else None
    return Permissions(rules, UserGroups(backstage).of, policy)
