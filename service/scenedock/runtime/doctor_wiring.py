"""Which checks `scenedock doctor` makes, by what the settings say; nothing is created or changed on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

from scenedock.effects.backstage.catalog import BackstageCatalog
from scenedock.effects.backstage.client import BackstageClient
from scenedock.effects.backstage.plugin_tokens import PluginTokens
from scenedock.effects.backstage.signing_keys import SigningKey, read_signing_key
from scenedock.effects.git.clones import RepositoryClone
from scenedock.effects.git.repositories import RepositoryFolder
from scenedock.effects.helm.program import HelmProgram
from scenedock.effects.local.disk import read_file
from scenedock.effects.network.probe import Probe
from scenedock.effects.tasks.sealing import Seal
from scenedock.effects.tasks.storage.database import database_address
from scenedock.effects.tasks.storage.inspection import Inspection
from scenedock.effects.tasks.storage.key_table import KeyTable, ProcessKey
from scenedock.errors import ScenedockError
from scenedock.model.action import BASE_PATH
from scenedock.runtime.feed.data_folder import WRITTEN
from scenedock.runtime.settings import Settings, variable
from scenedock.runtime.tasks.key_wiring import process_keys
from scenedock.runtime.tasks.wiring import seal_of
from scenedock.runtime.wiring import list_code_hosts, served_repositories
from scenedock.usecases.doctor import backstage, clock, code_hosts, database, machine, sign_in
from scenedock.usecases.doctor.diagnosis import Diagnosis, note, unknown


def examine(settings: Settings) -> Iterator[Diagnosis]:
    """The result of each check, as soon as it is there.

    Raises
    ------
    InputError, NotFoundError   something that a setting names can't be used
    """
    hosts = list_code_hosts(settings.code_hosts)
    answers: list[Probe] = []
    yield from _of_the_database(settings, hosts.with_webhooks)
    yield machine.check_data(settings.data, WRITTEN)
    yield machine.check_disk(settings.data)
    for entry in hosts.known:
        for found, answer in code_hosts.check_host(entry):
            answers += [answer] if answer else []
            yield found
    yield from _of_backstage(settings, answers)
    if settings.oidc_issuer:
        found, answer = sign_in.check_provider(settings.oidc_issuer)
        answers.append(answer)
        yield found
    if answers:
        yield clock.check_clock(answers)
    yield machine.check_git()
    yield machine.check_helm(HelmProgram(settings.helm), needed=settings.helm != HelmProgram().named)
    if not settings.repositories:
        remedy = f"Set {variable('repositories')}: folders or addresses, separated by commas."
        yield note("repositories", "none is set, so there is no catalog", remedy)
    for name, repository in served_repositories(settings.repositories, settings.data / "repositories").items():
        if isinstance(repository, RepositoryClone):
            yield machine.check_remote(name, repository, hosts)
            yield machine.check_history(name, repository.folder, asked=settings.history_commits)
        elif isinstance(repository, RepositoryFolder):
            yield machine.check_history(name, repository.root, asked=None)
        yield machine.check_settings_file(name, repository)


def _of_the_database(settings: Settings, with_webhooks: Sequence[str]) -> Iterator[Diagnosis]:
    inspection = Inspection(database_address(settings.database_url, settings.data))
    reached = database.check_database(inspection)
    yield reached
    if reached.verdict != "ok":
        return
    if not inspection.is_sqlite:
        yield database.check_sessions(inspection)
        yield _keys(settings, inspection)
    yield database.check_workers(inspection)
    if with_webhooks:
        yield database.check_webhooks(inspection, with_webhooks, settings.task_days)


def _keys(settings: Settings, inspection: Inspection) -> Diagnosis:
    try:
        with closing(KeyTable(inspection.address.url)) as table:
            recorded = table.recorded()
        return database.check_keys(_own_keys(settings), recorded)
    except ScenedockError as error:
        return unknown("keys", str(error))


def _own_keys(settings: Settings) -> tuple[ProcessKey, ...]:
    has_seal = settings.seal_key or (settings.data / "seal.key").exists()
    seal: Seal | None = seal_of(settings.seal_key, settings.data) if has_seal else None
    return process_keys(seal, _own_signing_key(settings))


def _own_signing_key(settings: Settings) -> SigningKey | None:
    """The key of the settings, or of the data folder, where none is generated now."""
    file = settings.data / "signing-key.pem"
    if settings.signing_key:
        return read_signing_key(settings.signing_key.encode(), variable("signing_key"))
    return read_signing_key(read_file(file), str(file)) if file.exists() else None


def _of_backstage(settings: Settings, answers: list[Probe]) -> Iterator[Diagnosis]:
    if not settings.backstage_url:
        return
    reached, answer = backstage.check_reached(settings.backstage_url)
    answers.append(answer)
    yield reached
    feed = f"{settings.url}{BASE_PATH}/catalog/catalog-info.yaml"
    yield backstage.check_feed(feed)
    if reached.verdict != "ok":
        return
    key = _own_signing_key(settings)
    if key is None:
        remedy = f"Run it where the service runs, or with its {variable('signing_key')}."
        yield unknown("backstage-accepts-us", "this process has no signing key to ask with", remedy)
        return
    keys = f"{settings.url}{BASE_PATH}/.backstage/auth/v1/jwks.json"
    catalog = BackstageCatalog(BackstageClient(settings.backstage_url, PluginTokens(key).token))
    accepted, locations = backstage.check_accepts_us(catalog, keys)
    yield accepted
    if locations is not None:
        yield backstage.check_registered(feed, locations)
