"""The default branch that a pipeline of GitHub Actions or GitLab CI/CD names: what it checks out is a commit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from scenedock.effects.local.disk import read_file
from scenedock.errors import InputError, NotFoundError
from scenedock.model.json import JsonObject, as_object, as_text, value_at


def read_event(variables: Mapping[str, str], read: Callable[[Path], bytes] = read_file) -> JsonObject:
    """GitHub's event for which the pipeline runs; empty where there is none.

    Raises
    ------
    InputError, NotFoundError   its file can't be read
    """
    if not (file := variables.get("GITHUB_EVENT_PATH", "")):
        return {}
    try:
        return as_object(json.loads(read(Path(file))))
    except ValueError as error:
        raise InputError(f"{file}: GitHub's event isn't JSON: {error}") from None


def default_branch_of(url: str, variables: Mapping[str, str]) -> str:
    """The default branch of the repository at this address, if the pipeline runs for it; empty if nothing names it.

    Sources: "Variables reference" of GitHub Actions and the payloads of its webhooks; "Predefined CI/CD variables
    reference" of GitLab.
    """
    if variables.get("GITHUB_ACTIONS") == "true":
        own = f"{variables.get('GITHUB_SERVER_URL', 'https://github.com')}/{variables.get('GITHUB_REPOSITORY', '')}"
        return _named_by_event(variables) if _is_same(own, url) else ""
    if variables.get("GITLAB_CI") == "true" and _is_same(variables.get("CI_PROJECT_URL", ""), url):
        return variables.get("CI_DEFAULT_BRANCH", "")
    return ""


def _named_by_event(variables: Mapping[str, str]) -> str:
    try:
        event = read_event(variables)
    except (InputError, NotFoundError):  # `scenedock ci` is who says so
        return ""
    return as_text(value_at(event, ["repository", "default_branch"]))


def _is_same(one: str, other: str) -> bool:
    """Whether two addresses are of one repository: hosts know its name in any case."""
    return one.casefold() == other.casefold()
