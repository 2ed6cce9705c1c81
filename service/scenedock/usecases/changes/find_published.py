"""Find what an earlier attempt of a change of versions has published, after it has got into its repositories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.git.repositories import ServedRepository
from scenedock.model.code_hosts.commit import Attempt
from scenedock.model.entity import service_name
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.releases.release import PairKey
from scenedock.usecases.catalog.read_served import export_served
from scenedock.usecases.changes.homes import Home
from scenedock.usecases.changes.plan_served import Wish
from scenedock.usecases.changes.publish_change import How, Published
from scenedock.usecases.publishing.branch_names import branch_of
from scenedock.usecases.publishing.propose_change import Proposed
from scenedock.usecases.releases.survey import survey


def homes_of(
    repositories: Mapping[str, ServedRepository], kept: KeptCatalog | None, wish: Wish
) -> Sequence[tuple[Home, Sequence[PairKey]]]:
    """Where the deployments of a wish are changed, with those of each repository.

    Raises
    ------
    InputError   no repository can be read
    """
    names = {service_name(each) for each in wish.services}
    keys: dict[str, list[PairKey]] = defaultdict(list)
    with export_served(repositories, kept) as (result, opened):
        for each in survey(result, opened).releases:
            is_there = each.environment == wish.environment and wish.repository in {None, each.repository}
            if each.service in names and is_there:
                keys[each.elsewhere or each.repository].append(each.key)
        facts = [each.facts for each in result.repositories if each.facts.name in keys]
        return [(Home.of(each, opened[each.name]), keys[each.name]) for each in facts]


def find_published(
    hosts: CodeHosts, homes: Sequence[tuple[Home, Sequence[PairKey]]], how: How, attempt: Attempt
) -> tuple[Published, ...]:
    """What an earlier attempt published in all these repositories and is done; else nothing.

    Raises
    ------
    InputError        where a repository lives isn't known
    NotAllowedError   a host or owner isn't in the list of code hosts, or the credentials don't suffice
    NotFoundError     there is no such repository
    TemporaryError    the host can't be reached
    """
    found = [_find(hosts, home, keys, how, attempt) for home, keys in homes]
    return tuple(each for each in found if each) if all(found) else ()


def _find(hosts: CodeHosts, home: Home, keys: Sequence[PairKey], how: How, attempt: Attempt) -> Published | None:
    address = home.address(hosts)
    with hosts.open(address) as repository:
        pull = repository.pulls.find(branch_of(keys, home.prefix)) if repository.pulls else None
        if pull and pull.state == "merged" and attempt.mark.in_text(pull.body):
            return Published(home.name, Proposed.of(pull), merges=how.merges)
        base = home.branch or repository.default_branch()
        if (made := repository.find_marked(base, attempt.mark)) is None:
            return None
        committed = how.commits and hosts.host_of(address).takes_commits(address)
        return Published(home.name, Proposed(changed=True, branch=base, commit=made.commit), committed=committed)
