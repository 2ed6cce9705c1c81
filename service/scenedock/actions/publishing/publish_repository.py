"""`scenedock:publish-repository`: publish a project as a new repository."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field

from scenedock.actions.effects import Effects
from scenedock.actions.publishing.changes import FileInput, RepoUrl, attempt_of, new_files
from scenedock.errors import InputError
from scenedock.model.action import Context, Example, Sensitive, action
from scenedock.model.code_hosts.code_host import GROUPS, Visibility, checked_branch
from scenedock.model.json_documents import Model, TaskInput

_TOPIC = r"[a-z0-9][a-z0-9-]{0,49}"
_LONGEST_DESCRIPTION = 350
_SETTINGS = 40
"""Most variables, and most secrets: one attempt sets them all, within the hosts' rate limits for a minute."""
_NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"


class TeamInput(Model):
    """A team to give access to."""

    team: Annotated[str, "Its slug; on GitLab, where it is a group, its full path", Field(pattern=GROUPS)]
    permission: Annotated[
        Literal["pull", "triage", "push", "maintain", "admin"],
        "Its permission; on GitLab the role Reporter (twice), Developer, Maintainer or Owner",
    ] = "push"


class ProtectionInput(Model):
    """Requirements for changes of the default branch; each change must be a pull request."""

    approvals: Annotated[int, "Approvals that a pull request needs", Field(ge=0, le=6)] = 1
    checks: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=100)], ...],
        "Names of the checks that must pass",
    ] = ()


class Input(TaskInput):
    """The project to publish, and its repository."""

    repo_url: RepoUrl
    folder: Annotated[str | None, "Name of a result folder, the output `folder` of `bake-skeleton`"] = None
    files: Annotated[tuple[FileInput, ...], "Files, instead of `folder` or in addition to it"] = ()
    description: Annotated[
        str, "Description of the repository, in one line", Field(max_length=_LONGEST_DESCRIPTION)
    ] = ""
    homepage: Annotated[str, "Home page of the project", Field(pattern=r"^(https?://[^\s\x00-\x1f\x7f]{1,250})?$")] = ""
    visibility: Annotated[
        Visibility, "Who can see the repository; `internal` is for organisations of an enterprise"
    ] = "private"
    default_branch: Annotated[str, "Name of its default branch"] = "main"
    topics: Annotated[
        tuple[str, ...], "Topics: letters, digits and hyphens; they are set in lower case", Field(max_length=20)
    ] = ()
    teams: Annotated[tuple[TeamInput, ...], "Teams of the organisation to give access to", Field(max_length=20)] = ()
    branch_protection: Annotated[ProtectionInput | None, "Rules for the default branch; by default, none"] = None
    variables: Annotated[
        dict[Annotated[str, Field(pattern=_NAME)], str],
        "Variables for the repository's pipelines",
        Field(default_factory=dict, max_length=_SETTINGS),
    ]
    secrets: Annotated[
        dict[Annotated[str, Field(pattern=_NAME)], str],
        "Secrets for its pipelines, kept out of logs and stored tasks; on GitHub encrypted for the repository, on "
        "GitLab masked, and for protected branches only",
        Sensitive(),
        Field(default_factory=dict, max_length=_SETTINGS, json_schema_extra={"writeOnly": True}),
    ]
    commit_message: Annotated[str, "Message of the first commit"] = "Initial commit"


class Output(Model):
    """The repository."""

    repo_url: Annotated[str, "Its address for browsers"]
    remote_url: Annotated[str, "Its address for git"]
    repo_contents_url: Annotated[str, "Address of the files on its default branch, as input for `catalog:register`"]
    commit_hash: Annotated[str, "Its first commit"]
    default_branch: Annotated[str, "Its default branch"]


EXAMPLES = [
    Example(
        "A baked project",
        {
            "repoUrl": "github.com?owner=acme&repo=billing",
            "files": [{"path": "README.md", "content": "# billing\n"}],
            "description": "Bills what was bought",
            "topics": ["python", "payments"],
            "teams": [{"team": "payments", "permission": "maintain"}],
            "branchProtection": {"approvals": 1},
            "variables": {"IMAGE": "registry.acme.example/billing"},
        },
    )
]


@action("publish-repository", idempotent=True, examples=EXAMPLES)
def publish_repository_action(context: Context[Effects], request: Input) -> Output:
    """Create a repository from a baked folder or files, with one commit.

    An existing repository of this name is not changed, unless this task created it. On a plain git server, the
    repository must exist and be empty.

    Raises
    ------
    InputError        the address, a name or a path can't be used, or the host doesn't support an option
    NotAllowedError   the host, the owner or the visibility isn't allowed, or the credentials don't suffice
    NotFoundError     there is no such organisation, team or result folder
    ConflictError     there is already a repository of this name
    TemporaryError    the host can't be reached, or its rate limit is used up
    """
    from scenedock.usecases.publishing.publish_repository import NewRepository, Protection, publish_repository

    effects = context.effects
    address = effects.code_hosts.read(request.repo_url)
    branch = checked_branch(request.default_branch)
    folder = effects.results.files(request.folder) if request.folder else ()
    if not folder and not request.files:
        raise InputError("there is no file to publish; set `folder` or `files`")
    new = NewRepository(
        files=(*folder, *new_files(request.files)),
        message=request.commit_message,
        visibility=request.visibility,
        description=_description(request.description),
        homepage=request.homepage,
        default_branch=branch,
        topics=_topics(request.topics),
        teams={each.team: each.permission for each in request.teams},
        protection=Protection(request.branch_protection.approvals, request.branch_protection.checks)
        if request.branch_protection
        else None,
        variables=request.variables,
        secrets=request.secrets,
    )
    host = effects.code_hosts.host_of(address)
    host.check_reviewers((), new.teams)
    with effects.code_hosts.open(address) as repository:
        published = publish_repository(repository, host, new, attempt_of(context))
    return Output(
        repo_url=published.url,
        remote_url=published.remote_url,
        repo_contents_url=published.contents_url,
        commit_hash=published.commit,
        default_branch=published.default_branch,
    )


def _topics(topics: tuple[str, ...]) -> tuple[str, ...]:
    """The topics as every host takes them: in lower case, each once.

    Raises
    ------
    InputError   GitHub doesn't accept one
    """
    lower = tuple(dict.fromkeys(topic.strip().lower() for topic in topics))
    if wrong := [topic for topic in lower if not re.fullmatch(_TOPIC, topic)]:
        raise InputError(
            f"the topic {wrong[0][:60]!r} can't be used; write at most 50 letters, digits and hyphens, "
            "and begin with a letter or digit"
        )
    return lower


def _description(text: str) -> str:
    """The description without blanks around it, such as the line end of a block in YAML.

    Raises
    ------
    InputError   GitHub doesn't accept it
    """
    line = text.strip()
    if re.search(r"[\r\n\v\f\u2028\u2029]", line):
        raise InputError("the description has several lines; write it in one line")
    if re.search(r"[\x00-\x1f\x7f]", line):
        raise InputError("the description contains a tab or another control character; remove it")
    return line
