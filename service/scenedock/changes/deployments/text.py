"""The text of a new deployment: the title, the commit's message, and the Markdown of its pull request."""

from __future__ import annotations

from collections.abc import Iterator

from scenedock.changes.deployments.planned import DeploymentPlan
from scenedock.changes.environments.decisions import counted
from scenedock.changes.environments.text import told
from scenedock.changes.text import markdown, plain
from scenedock.structs import replace


def with_text(plan: DeploymentPlan) -> DeploymentPlan:
    """The plan with its title, body and message."""
    title = f"Deploy {plan.service}, made from {plan.names[0]}"
    body = "\n\n".join(["\n".join(f"- {markdown(line)}" for line in summary(plan)), *told(plan)])
    message = "\n".join([title, "", *(plain(line) for line in summary(plan))])
    return replace(plan, planned=replace(plan.planned, title=title, body=body, message=message))


def summary(plan: DeploymentPlan) -> Iterator[str]:
    """What becomes of the keys, and where the service runs, in lines."""
    yield ", ".join(f"{count} {outcome}" for outcome, count in counted(plan.decisions).items())
    yield from map(str, plan.releases)
