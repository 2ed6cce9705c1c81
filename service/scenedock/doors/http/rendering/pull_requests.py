"""The pull requests that a task has opened, as its outputs name them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from scenedock.model.json import JsonObject, as_list, as_object, as_text
from scenedock.model.tasks.task import Task
from scenedock.structs import dataclass

_SCHEMES: Final = {"https", "http"}


@dataclass(frozen=True, slots=True)
class PullRequestLink:
    """A pull request on a page: its address, and as far as the outputs say so, its number and title."""

    url: str
    number: str
    title: str


def pull_requests_of(task: Task) -> tuple[PullRequestLink, ...]:
    """Each pull request once, in the order of the steps; nothing that a browser couldn't open as a web page."""
    found: dict[str, PullRequestLink] = {}
    for step in task.steps:
        for each in _named_in(as_object(task.step_state(step.id).get("output")), step.input):
            found.setdefault(each.url, each)
    return tuple(found.values())


def _named_in(output: JsonObject, asked: JsonObject) -> Iterator[PullRequestLink]:
    made = [as_object(each) for each in as_list(output.get("published"))]
    numbers = {as_text(each.get("pullRequestUrl")): each.get("number") for each in [output, *made]}
    title = as_text(output.get("title")) or as_text(as_object(output.get("plan")).get("title"))
    title = title or as_text(asked.get("title"))
    urls = [*numbers, *(as_text(each) for each in as_list(output.get("pullRequestUrls")))]
    for url in filter(_is_of_the_web, urls):
        number = numbers.get(url) or url.rstrip("/").rpartition("/")[2]
        shown = str(number) if str(number).isdecimal() else ""
        yield PullRequestLink(url, shown, "" if "${{" in title else title)


def _is_of_the_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in _SCHEMES and bool(parts.netloc)
