"""Where a repository of the service is changed: on the code host that its settings name, or git knows."""

from __future__ import annotations

from scenedock.catalog.vocabulary.settings import FILE_NAME, CatalogSettings, read_settings
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.git.repositories import Repository
from scenedock.errors import InputError, NotAllowedError, NotFoundError
from scenedock.model.code_hosts.code_host import RepositoryAddress
from scenedock.model.helm import RepositoryFacts
from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class Home:
    """The addresses that a repository may have, the best first, its branch (empty: the default), and the folder in it.

    `name` is what the service calls it.
    """

    name: str
    urls: tuple[str, ...]
    branch: str = ""
    prefix: str = ""

    @classmethod
    def of(cls, facts: RepositoryFacts, repository: Repository) -> Home:
        """The home of an open repository."""
        urls = dict.fromkeys(filter(None, (facts.url, repository.address().url)))
        return cls(facts.name, tuple(urls), "" if facts.branch == "HEAD" else facts.branch, facts.prefix)

    @classmethod
    def read(cls, name: str, repository: Repository) -> Home:
        """The home of an open repository that isn't exported; settings that can't be read say nothing of it."""
        try:
            settings = read_settings(repository.read(FILE_NAME))
        except (InputError, NotFoundError):
            settings = CatalogSettings()
        here = repository.address()
        urls = dict.fromkeys(filter(None, (settings.repository, here.url)))
        branch = settings.branch or here.branch
        return cls(name, tuple(urls), "" if branch == "HEAD" else branch, here.prefix)

    def address(self, hosts: CodeHosts) -> RepositoryAddress:
        """As the API has it, the first address that the list of code hosts allows; if it allows none, the first.

        Raises
        ------
        InputError   no address is known, or it isn't one of a repository
        """
        found = [hosts.read(url.removeprefix("http://")) for url in self.urls]
        if not found:
            raise InputError(
                f"{self.name}: its address isn't known, so nothing can be proposed; set `repository` in "
                "scenedock.yaml, or name git's remote: `git remote add origin ADDRESS`"
            )
        return next((each for each in found if hosts.may_write(each)), found[0])

    def require_host(self, hosts: CodeHosts) -> None:
        """Refuse what could be published nowhere, before anybody is asked to approve it; makes no request.

        Raises
        ------
        InputError        no address is known, or it isn't one of a repository
        NotAllowedError   its host or owner isn't in the list of code hosts
        """
        address = self.address(hosts)
        if hosts.is_empty:
            raise NotAllowedError(
                "nothing was changed: no code host is configured, so no pull request can be opened; list "
                f"{address.host} in the file that `SCENEDOCK_CODE_HOSTS` names, or run it in a clone"
            )
        hosts.host_of(address)
