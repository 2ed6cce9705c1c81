"""What GitHub shows of users, organisations, teams and apps."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tests.fakes.github.model import Account, App, Installation, Team
from tests.fakes.github.world import World

Body = dict[str, Any]

_ACCOUNT_URLS = {
    "followers_url": "followers",
    "following_url": "following{/other_user}",
    "gists_url": "gists{/gist_id}",
    "starred_url": "starred{/owner}{/repo}",
    "subscriptions_url": "subscriptions",
    "organizations_url": "orgs",
    "repos_url": "repos",
    "events_url": "events{/privacy}",
    "received_events_url": "received_events",
}


def node_id(kind: str, identity: object) -> str:
    """The id of a thing in GitHub's other API."""
    return base64.b64encode(f"{kind}:{identity}".encode()).decode()


@dataclass(frozen=True, slots=True)
class AccountView:
    """Bodies with addresses below `api`, the address of the API, and `web`, that of pages and git."""

    world: World
    api: str
    web: str

    def account(self, account: Account) -> Body:
        """GitHub's `simple-user`."""
        url = f"{self.api}/users/{quote(account.login)}"
        page = f"apps/{account.login.removesuffix('[bot]')}" if account.kind == "Bot" else account.login
        return {
            "login": account.login,
            "id": account.id,
            "node_id": node_id("User", account.id),
            "avatar_url": f"{self.web}/avatars/{account.id}",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.web}/{page}",
            **{name: f"{url}/{path}" for name, path in _ACCOUNT_URLS.items()},
            "type": account.kind,
            "site_admin": False,
        }

    def user(self, account: Account) -> Body:
        """GitHub's `public-user`."""
        unknown = dict.fromkeys(("bio", "company", "hireable", "location", "twitter_username"))
        return {
            **self.account(account),
            **unknown,
            "name": account.name or None,
            "email": account.email or None,
            "blog": "",
            "public_repos": 0,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": account.created,
            "updated_at": account.created,
        }

    def organization(self, account: Account) -> Body:
        """GitHub's `organization-full`."""
        url = f"{self.api}/orgs/{account.login}"
        below = {"members_url": "members{/member}", "public_members_url": "public_members{/member}"}
        below |= {name: name.removesuffix("_url") for name in ("repos_url", "events_url", "hooks_url", "issues_url")}
        return {
            "login": account.login,
            "id": account.id,
            "node_id": node_id("Organization", account.id),
            "url": url,
            **{name: f"{url}/{path}" for name, path in below.items()},
            "avatar_url": f"{self.web}/avatars/{account.id}",
            "description": None,
            "html_url": f"{self.web}/{account.login}",
            "has_organization_projects": True,
            "has_repository_projects": True,
            "public_repos": 0,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "type": "Organization",
            "created_at": account.created,
            "updated_at": account.created,
            "archived_at": None,
        }

    def team(self, team: Team) -> Body:
        """GitHub's `team-full`."""
        organization = self.organization(team.organization)
        url = f"{self.api}/organizations/{team.organization.id}/team/{team.id}"
        held = [each for each in self.world.repositories.values() if team.slug in each.teams]
        return {
            "id": team.id,
            "node_id": node_id("Team", team.id),
            "name": team.slug,
            "slug": team.slug,
            "description": None,
            "privacy": "closed",
            "notification_setting": "notifications_enabled",
            "permission": "pull",
            "type": "organization",
            "url": url,
            "html_url": f"{self.web}/orgs/{team.organization.login}/teams/{team.slug}",
            "members_url": f"{url}/members{{/member}}",
            "repositories_url": f"{url}/repos",
            "members_count": len(team.members),
            "repos_count": len(held),
            "created_at": team.created,
            "updated_at": team.created,
            "organization": organization,
            "parent": None,
        }

    def app(self, app: App) -> Body:
        """GitHub's `integration`."""
        return {
            "id": app.id,
            "slug": app.slug,
            "client_id": f"Iv1.{app.id:016x}",
            "node_id": node_id("App", app.id),
            "owner": self.account(app.owner),
            "name": app.slug,
            "description": None,
            "external_url": f"{self.web}/apps/{app.slug}",
            "html_url": f"{self.web}/apps/{app.slug}",
            "created_at": app.created,
            "updated_at": app.created,
            "permissions": dict(app.permissions),
            "events": ["pull_request", "push"],
        }

    def installation(self, installation: Installation) -> Body:
        """GitHub's `installation`."""
        url = f"{self.api}/app/installations/{installation.id}"
        return {
            "id": installation.id,
            "account": self.account(installation.account),
            "repository_selection": "all" if installation.repositories is None else "selected",
            "access_tokens_url": f"{url}/access_tokens",
            "repositories_url": f"{self.api}/installation/repositories",
            "html_url": f"{self.web}/organizations/{installation.account.login}/settings/installations",
            "app_id": installation.app.id,
            "app_slug": installation.app.slug,
            "target_id": installation.account.id,
            "target_type": installation.account.kind,
            "permissions": dict(installation.permissions),
            "events": ["pull_request", "push"],
            "single_file_name": None,
            "created_at": installation.created,
            "updated_at": installation.created,
            "suspended_by": None,
            "suspended_at": None,
        }
