"""Inputs and output of the actions that retire deployments."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field, ValidationError

from scenedock.actions.approvals.asking import (
    APPROVAL_RIGHTS,
    PassApproval,
    ask_approval,
    facts_of_approval,
    wait_for_decision,
)
from scenedock.actions.changes.planned import RefusalOutput
from scenedock.actions.changes.publishing import PublishedChange
from scenedock.actions.effects import Effects
from scenedock.actions.publishing.changes import PassLock, Reviewers, attempt_of
from scenedock.errors import InputError, NotFoundError
from scenedock.model.action import Context
from scenedock.model.approvals import ApprovalSubject
from scenedock.model.code_hosts.commit import Attempt
from scenedock.model.finding import Place
from scenedock.model.json import JsonObject
from scenedock.model.json_documents import Model, TaskInput

if TYPE_CHECKING:
    from scenedock.changes.retirement import BlastRadius, PlannedRetirement, Retirement
    from scenedock.usecases.changes.publish_change import Published
    from scenedock.usecases.environments.retire_served import RetirementHere

Service = Annotated[str, "Name of the service, such as `billing`", Field(min_length=1)]
Repository = Annotated[str | None, "Name of the repository, where several deploy the service"]
RETIRING_RIGHTS: Final = {"passLock": "pass-lock", **APPROVAL_RIGHTS}
"""What a caller needs besides, by the input that needs it."""


class RetirementInput(TaskInput):
    """What all retirements have: what is allowed, and who should look at the pull request."""

    service: Service
    repository: Repository = None
    force: Annotated[bool, "Whether it goes though others depend on it; whoever approves it sees who"] = False
    pass_lock: PassLock = ""
    pass_approval: PassApproval = ""
    reviewers: Reviewers = ()


class BlastRadiusOutput(Model):
    """What a retirement does, beyond the files."""

    deployments: Annotated[tuple[str, ...], "The deployments that go, as `service/environment`"]
    namespaces: Annotated[tuple[str, ...], "The Kubernetes namespaces that they are in, as far as they are known"]
    resources: Annotated[tuple[str, ...], "The objects that helm or kustomize render: kind, namespace and name"]
    not_rendered: Annotated[dict[str, str], "Why the objects of a deployment aren't known"]
    persistent_volume_claims: Annotated[tuple[str, ...], "What holds data, and whether it stays"]
    keeps: Annotated[tuple[str, ...], "What keeps objects in the cluster after they have gone from git"]
    entities: Annotated[tuple[str, ...], "The entities that the catalog will not have any more"]
    dependents: Annotated[tuple[str, ...], "Who depends on it, with the owner and the line that says so"]
    locks: Annotated[tuple[str, ...], "The locks that it lifts"]
    open_changes: Annotated[tuple[str, ...], "The open pull requests that it replaces"]
    said_otherwise: Annotated[
        tuple[str, ...], "What the catalog says otherwise afterwards, of what is deployed as before"
    ]
    stays: Annotated[tuple[str, ...], "What it leaves: repositories, images, databases, secrets in stores"]

    @classmethod
    def of(cls, radius: BlastRadius) -> BlastRadiusOutput:
        """The output for a blast radius."""
        return cls(
            deployments=radius.deployments,
            namespaces=radius.namespaces,
            resources=tuple(map(str, radius.objects)),
            not_rendered=dict(radius.not_rendered),
            persistent_volume_claims=radius.claims,
            keeps=radius.keeps,
            entities=radius.entities,
            dependents=tuple(map(str, radius.dependents)),
            locks=radius.locks,
            open_changes=radius.open_changes,
            said_otherwise=radius.said_otherwise,
            stays=radius.stays,
        )


class RetirementPlan(Model):
    """A retirement as it is planned."""

    title: Annotated[str, "What it is, in one line"]
    summary: Annotated[str, "The blast radius as Markdown, as the pull request has it"]
    removed_files: Annotated[tuple[str, ...], "The files that go"]
    changed_files: Annotated[tuple[str, ...], "The files that are edited in place"]
    blast_radius: BlastRadiusOutput
    refusals: Annotated[tuple[RefusalOutput, ...], "What speaks against it"]
    lifted: Annotated[tuple[RefusalOutput, ...], "What would speak against it, and was allowed"]

    @classmethod
    def of(cls, planned: PlannedRetirement) -> RetirementPlan:
        """The output for a plan."""
        return cls(
            title=planned.title,
            summary=planned.body,
            removed_files=tuple(str(Place(each.repository, each.path)) for each in planned.gone),
            changed_files=tuple(str(Place(each.repository, each.path)) for each in planned.changed),
            blast_radius=BlastRadiusOutput.of(planned.radius),
            refusals=tuple(map(RefusalOutput.of, planned.refusals)),
            lifted=tuple(map(RefusalOutput.of, planned.lifted)),
        )


class RetirementOutput(Model):
    """What is retired, and where that is proposed."""

    changed: Annotated[bool, "Whether there was anything to retire"]
    pull_request_url: Annotated[str | None, "Address of the pull request, of the first if there are several"]
    pull_request_urls: Annotated[tuple[str, ...], "Addresses of all pull requests, to wait for with `each`"]
    published: Annotated[tuple[PublishedChange, ...], "The pull request of each repository"]
    plan: Annotated[
        RetirementPlan | None, "What goes; null if an earlier attempt has made the change without an approval"
    ]
    catalog_files: Annotated[
        tuple[str, ...],
        "Addresses of catalog files that go and may be registered in Backstage, for `unregister-from-catalog` after "
        "the merge of all pull requests; empty if a repository has none that could be waited for",
    ]
    source_files: Annotated[
        tuple[str, ...],
        "Addresses of catalog files in the source code, which stays: `unregister-from-catalog` needs a `reason`",
    ]
    notes: Annotated[tuple[str, ...], "What else whoever decides should know"]


def plan_of(context: Context[Effects], retirement: Retirement) -> RetirementHere:
    """Plan a retirement in a process of its own, with the open changes that it replaces."""
    from scenedock.usecases.environments.retire_served import plan_served_retirement, with_open_changes

    effects = context.effects
    here = effects.apart.read(plan_served_retirement, retirement, effects.rendering)
    return here if effects.code_hosts.is_empty else with_open_changes(effects.code_hosts, here)


def retire(
    context: Context[Effects], action: str, request: RetirementInput, retirement: Retirement
) -> RetirementOutput:
    """Plan a retirement, wait for its approval, and propose it."""
    from scenedock.usecases.changes.publish_change import How, refused
    from scenedock.usecases.environments.publish_retirement import publish_retirement

    hosts, attempt = context.effects.code_hosts, attempt_of(context)
    if retirement.force and request.pass_approval.strip():
        raise InputError("`force` needs an approval, so `passApproval` can't be given with it")
    wait_for_decision(context)
    how = How(reviewers=request.reviewers, passes=bool(request.pass_lock.strip()))
    try:
        here = plan_of(context, retirement)
    except NotFoundError:
        if not context.tried_before or (made := _made_before(context, attempt)) is None:
            raise
        return made
    planned = here.planned
    if planned.refusals:
        raise refused(planned.refusals)
    for name in {file.repository for file in planned.files}:
        here.homes[name].require_host(hosts)
    known = KnownRetirement.of(here)
    subject = ApprovalSubject(planned.title, planned.body, planned.digest, known.as_facts)
    environments = [environment for _, _, environment in planned.keys]
    said = ask_approval(context, action, environments, subject, passes=request.pass_approval, always=True)
    for each in planned.lifted:
        context.log(f"allowed: {each.message}")
    published = publish_retirement(hosts, here, how, attempt, said)
    return output_of(published, known)


class KnownRetirement(Model):
    """What is told of a retirement besides what was published, and the branches of its pull requests by repository.

    It is kept with the approval: once the change is merged, nothing in the repositories tells it any more.
    """

    plan: RetirementPlan
    catalog_files: tuple[str, ...] = ()
    source_files: tuple[str, ...] = ()
    branches: dict[str, str]

    @classmethod
    def of(cls, here: RetirementHere) -> KnownRetirement:
        """What is known when it is planned."""
        from scenedock.usecases.publishing.branch_names import branch_of

        planned = here.planned
        return cls(
            plan=RetirementPlan.of(planned),
            catalog_files=tuple(_catalog_files(here)),
            source_files=tuple(f"{each}/catalog-info.yaml" for each in planned.sources),
            branches={name: branch_of(planned.keys, home.prefix) for name, home in here.homes.items()},
        )

    @property
    def as_facts(self) -> JsonObject:
        """The same as a document."""
        facts: JsonObject = self.model_dump(mode="json", by_alias=True)
        return facts


def _made_before(context: Context[Effects], attempt: Attempt) -> RetirementOutput | None:
    """What an earlier attempt has made, if that is merged: the same as it would have told."""
    from scenedock.usecases.environments.publish_retirement import find_published_retirement

    try:
        known = KnownRetirement.model_validate_json(json.dumps(facts_of_approval(context)))
    except ValidationError:  # none was asked for, or an older version of ours has asked
        known = None
    effects, branches = context.effects, known.branches if known else {}
    earlier = find_published_retirement(effects.code_hosts, effects.repositories, branches, attempt)
    if not earlier:
        return None
    attempt.log("an earlier attempt has made this change")
    return output_of(earlier, known)


def output_of(published: Sequence[Published], known: KnownRetirement | None) -> RetirementOutput:
    """The output for what was published; without the catalog files that go, if nobody can wait until they have gone."""
    made = tuple(map(PublishedChange.of, published))
    urls = tuple(each.pull_request_url for each in made if each.pull_request_url)
    can_wait = all(each.proposed.url for each in published if each.proposed.changed)
    return RetirementOutput(
        changed=any(each.proposed.changed for each in published),
        pull_request_url=next(iter(urls), None),
        pull_request_urls=urls,
        published=made,
        plan=known.plan if known else None,
        catalog_files=known.catalog_files if known and can_wait else (),
        source_files=known.source_files if known else (),
        notes=tuple(note for each in published for note in each.notes),
    )


def _catalog_files(here: RetirementHere) -> Iterator[str]:
    """The addresses, without branches, of catalog files that go."""
    for name, path in here.planned.catalog_files:
        home = here.homes[name]
        for url in home.urls[:1]:
            yield f"{url}/{posixpath.join(home.prefix, path)}"
