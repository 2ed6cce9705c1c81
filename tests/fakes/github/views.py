"""What GitHub shows of repositories and what is in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from tests.fakes.github.account_views import AccountView, Body, node_id
from tests.fakes.github.model import ROLES, Comment, Pull, Repository, at
from tests.fakes.shared.bare import Commit, Entry, Signature

_REPOSITORY_URLS = (
    "archive_url={archive_format}{/ref} assignees_url=assignees{/user} blobs_url=git/blobs{/sha} "
    "branches_url=branches{/branch} collaborators_url=collaborators{/collaborator} comments_url=comments{/number} "
    "commits_url=commits{/sha} compare_url=compare/{base}...{head} contents_url=contents/{+path} "
    "contributors_url=contributors deployments_url=deployments downloads_url=downloads events_url=events "
    "forks_url=forks git_commits_url=git/commits{/sha} git_refs_url=git/refs{/sha} git_tags_url=git/tags{/sha} "
    "hooks_url=hooks issue_comment_url=issues/comments{/number} issue_events_url=issues/events{/number} "
    "issues_url=issues{/number} keys_url=keys{/key_id} labels_url=labels{/name} languages_url=languages "
    "merges_url=merges milestones_url=milestones{/number} "
    "notifications_url=notifications{?since,all,participating} pulls_url=pulls{/number} releases_url=releases{/id} "
    "stargazers_url=stargazers statuses_url=statuses/{sha} subscribers_url=subscribers "
    "subscription_url=subscription tags_url=tags teams_url=teams trees_url=git/trees{/sha}"
)
_COUNTS = (
    "forks forks_count open_issues open_issues_count size stargazers_count watchers watchers_count network_count "
    "subscribers_count"
).split()


def iso(date: str) -> str:
    """A date of git, `1700000000 +0100`, as GitHub shows it, in UTC."""
    return at(int(date.split(maxsplit=1)[0]))


def raw_date(text: str) -> str:
    """A date as clients send it, as git reads it: `1700000000 +0100`."""
    moment = datetime.fromisoformat(text)
    offset = moment.utcoffset() or timedelta()
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    sign, minutes = "-" if offset < timedelta() else "+", abs(int(offset.total_seconds())) // 60
    return f"{int(moment.timestamp())} {sign}{minutes // 60:02}{minutes % 60:02}"


@dataclass(frozen=True, slots=True)
class View(AccountView):
    """What is shown of repositories, besides: their git objects, labels and comments."""

    def repository_url(self, repository: Repository) -> str:
        """The address of a repository in the API."""
        return f"{self.api}/repos/{repository.full_name}"

    def repository(self, repository: Repository, role: str | None = None) -> Body:
        """GitHub's `full-repository`, which holds its `repository` and `minimal-repository`."""
        url, page = self.repository_url(repository), f"{self.web}/{repository.full_name}"
        settings = {
            name: repository.settings.get(name, default)
            for name, default in {
                "has_issues": True,
                "has_projects": True,
                "has_wiki": True,
                "has_discussions": False,
                "has_downloads": True,
                "is_template": False,
                "archived": False,
                "allow_rebase_merge": True,
                "allow_squash_merge": True,
                "allow_merge_commit": True,
                "allow_auto_merge": False,
                "delete_branch_on_merge": False,
            }.items()
        }
        below = dict(pair.split("=", 1) for pair in _REPOSITORY_URLS.split())
        names = {"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin"}
        permissions = {name: role is not None and ROLES.index(role) >= ROLES.index(at) for name, at in names.items()}
        return {
            "id": repository.id,
            "node_id": node_id("Repository", repository.id),
            "name": repository.name,
            "full_name": repository.full_name,
            "private": repository.private,
            "visibility": "private" if repository.private else "public",
            "owner": self.account(repository.owner),
            "html_url": page,
            "description": repository.description,
            "fork": False,
            "url": url,
            **{name: f"{url}/{path}" for name, path in below.items()},
            "clone_url": f"{page}.git",
            "git_url": f"git://{page.partition('://')[2]}.git",
            "ssh_url": f"git@{self.web.partition('://')[2]}:{repository.full_name}.git",
            "svn_url": page,
            "mirror_url": None,
            "homepage": repository.homepage,
            "language": None,
            "license": None,
            **dict.fromkeys(_COUNTS, 0),
            **settings,
            "has_pages": False,
            "disabled": False,
            "topics": repository.topics,
            "default_branch": repository.default_branch,
            "permissions": permissions,
            "pushed_at": repository.created,
            "created_at": repository.created,
            "updated_at": repository.created,
        }

    def ref(self, repository: Repository, name: str, sha: str, kind: str = "commit") -> Body:
        """GitHub's `git-ref`."""
        url = f"{self.repository_url(repository)}/git"
        pointed = {"type": kind, "sha": sha, "url": f"{url}/{kind}s/{sha}"}
        return {"ref": name, "node_id": node_id("Ref", name), "url": f"{url}/{name}", "object": pointed}

    def tree(self, repository: Repository, sha: str, entries: list[Entry]) -> Body:
        """GitHub's `git-tree`."""
        url = f"{self.repository_url(repository)}/git"
        shown = [
            {"path": each.path, "mode": each.mode, "type": each.kind, "sha": each.sha}
            | ({"size": each.size} if each.size is not None else {})
            | {"url": f"{url}/{each.kind}s/{each.sha}"}
            for each in entries
        ]
        return {"sha": sha, "url": f"{url}/trees/{sha}", "tree": shown, "truncated": False}

    def signature(self, signature: Signature) -> Body:
        """Who and when, of a commit."""
        return {"name": signature.name, "email": signature.email, "date": iso(signature.date)}

    def git_commit(self, repository: Repository, commit: Commit) -> Body:
        """GitHub's `git-commit`."""
        url, page = f"{self.repository_url(repository)}/git", f"{self.web}/{repository.full_name}/commit"
        return {
            "sha": commit.sha,
            "node_id": node_id("Commit", commit.sha),
            "url": f"{url}/commits/{commit.sha}",
            "html_url": f"{page}/{commit.sha}",
            "author": self.signature(commit.author),
            "committer": self.signature(commit.committer),
            "tree": {"sha": commit.tree, "url": f"{url}/trees/{commit.tree}"},
            "message": commit.message,
            "parents": [
                {"sha": parent, "url": f"{url}/commits/{parent}", "html_url": f"{page}/{parent}"}
                for parent in commit.parents
            ],
            "verification": {
                "verified": commit.sha in self.world.signed,
                "reason": "valid" if commit.sha in self.world.signed else "unsigned",
                "signature": None,
                "payload": None,
                "verified_at": None,
            },
        }

    def commit(self, repository: Repository, commit: Commit) -> Body:
        """GitHub's `commit`, without files."""
        git, url = self.git_commit(repository, commit), f"{self.repository_url(repository)}/commits"
        page = f"{self.web}/{repository.full_name}/commit"
        kept = {name: git[name] for name in ("author", "committer", "message", "tree", "verification")}
        return {
            "sha": commit.sha,
            "node_id": git["node_id"],
            "url": f"{url}/{commit.sha}",
            "html_url": git["html_url"],
            "comments_url": f"{url}/{commit.sha}/comments",
            "commit": {**kept, "url": git["url"], "comment_count": 0},
            "author": self._by_email(commit.author.email),
            "committer": self._by_email(commit.committer.email),
            "parents": [
                {"sha": parent, "url": f"{url}/{parent}", "html_url": f"{page}/{parent}"} for parent in commit.parents
            ],
        }

    def _by_email(self, email: str) -> Body | None:
        for account in self.world.accounts.values():
            if account.signature().email == email:
                return self.account(account)
        return None

    def label(self, repository: Repository, name: str) -> Body:
        """GitHub's `label`."""
        identity = repository.labels[name]
        return {
            "id": identity,
            "node_id": node_id("Label", identity),
            "url": f"{self.repository_url(repository)}/labels/{quote(name)}",
            "name": name,
            "description": "",
            "color": "ededed",
            "default": False,
        }

    def comment(self, repository: Repository, pull: Pull, comment: Comment) -> Body:
        """GitHub's `issue-comment`."""
        url = f"{self.repository_url(repository)}/issues"
        return {
            "id": comment.id,
            "node_id": node_id("IssueComment", comment.id),
            "url": f"{url}/comments/{comment.id}",
            "html_url": f"{self.web}/{repository.full_name}/pull/{pull.number}#issuecomment-{comment.id}",
            "issue_url": f"{url}/{pull.number}",
            "user": self.account(comment.account),
            "body": comment.body,
            "author_association": "MEMBER",
            "created_at": comment.created,
            "updated_at": comment.created,
        }
