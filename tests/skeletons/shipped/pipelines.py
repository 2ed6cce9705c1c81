"""What the pipelines of `microservice-python` do: read from GitHub's workflow and from GitLab's, in the same words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import yaml

When: TypeAlias = Literal["each change", "main"]

_ON_MAIN = [{"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"}]
_COMMAND = re.compile(r"\b(make [a-z-]+|cz check|ci/image [a-z]+|ci/[a-z]+(?:\.py)?)\b(?! [a-z])")


@dataclass(frozen=True)
class Duty:
    """What a job does, when, after which others (all of them), how long at most, and with which service beside it."""

    commands: tuple[str, ...]
    when: When
    after: frozenset[str]
    minutes: int
    services: frozenset[str] = frozenset()


_FIRST = frozenset({"check", "alerts", "container"})
DUTIES = {
    "check": Duty(("make set-up", "make check", "cz check"), "each change", frozenset(), 15),
    "alerts": Duty(("ci/alerts",), "each change", frozenset(), 5),
    "container": Duty(("ci/image check",), "each change", frozenset(), 30),
    "release": Duty(("make set-up", "ci/release.py"), "main", _FIRST, 5),
    "publish": Duty(("ci/image publish",), "main", _FIRST | {"release"}, 60),
    "propose": Duty(("ci/propose.py",), "main", _FIRST | {"release", "publish"}, 30),
}
"""The jobs, whatever runs them. They share the scripts in ci/, so that there is one way to do each duty."""


def duties(service: Path) -> dict[str, Duty]:
    """The jobs of a baked service's pipeline."""
    if (workflow := service / ".github" / "workflows" / "ci.yml").exists():
        return _of_github(yaml.safe_load(workflow.read_bytes())["jobs"])
    return _of_gitlab(yaml.safe_load((service / ".gitlab-ci.yml").read_bytes()))


def _commands(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(found for line in lines for found in _COMMAND.findall(line))


def _of_github(jobs: Mapping[str, Any]) -> dict[str, Duty]:
    def needs(job: Mapping[str, Any]) -> list[str]:
        return [job["needs"]] if isinstance(job.get("needs"), str) else list(job.get("needs", []))

    def after(name: str) -> frozenset[str]:
        return frozenset(needs(jobs[name])).union(*map(after, needs(jobs[name])))

    def when(name: str) -> When:
        on_main = any("refs/heads/main" in jobs[each].get("if", "") for each in (name, *after(name)))
        return "main" if on_main else "each change"

    return {
        name: Duty(
            _commands(step["run"] for step in job["steps"] if "run" in step),
            when(name),
            after(name),
            job["timeout-minutes"],
            frozenset(each["image"] for each in job.get("services", {}).values()),
        )
        for name, job in jobs.items()
    }


def _of_gitlab(pipeline: Mapping[str, Any]) -> dict[str, Duty]:
    stages = pipeline["stages"]
    jobs = {name: _extended(pipeline, name) for name, job in pipeline.items() if "script" in job}
    return {
        name: Duty(
            _commands([*job.get("before_script", []), *job["script"]]),
            "main" if job.get("rules") == _ON_MAIN else "each change",
            frozenset(each for each in jobs if stages.index(jobs[each]["stage"]) < stages.index(job["stage"])),
            int(job["timeout"].removesuffix(" minutes")),
            frozenset(each["name"] for each in job.get("services", []) if isinstance(each, dict)),
        )
        for name, job in jobs.items()
    }


def _extended(pipeline: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A job with what it gets from others."""
    job: dict[str, Any] = pipeline[name]
    above = job.get("extends", [])
    merged: dict[str, Any] = {}
    for each in [above] if isinstance(above, str) else above:
        merged |= _extended(pipeline, each)
    return merged | job
