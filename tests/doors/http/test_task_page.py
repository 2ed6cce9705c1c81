"""The page of a task leads to what the task has made."""

from __future__ import annotations

import re

from scenedock.doors.http.app import make_app
from scenedock.model.json import Json, JsonObject
from scenedock.model.tasks.task import Task
from scenedock.runtime.service import Service
from tests.tools.service import ADMIN, bearer

BESIDE = "https://github.com/acme/other/pull/3"
UNSAFE = ("javascript:alert(1)//pull/4", "https:pull/5", "http://[acme/pull/6")


def ended(service: Service, step: JsonObject, output: JsonObject) -> str:
    """The page of a task that has ended with this output of its step."""
    spec: JsonObject = {"steps": [{"id": "it", "name": "It", "action": "scenedock:x", "input": {}, **step}]}
    state: JsonObject = {"steps": {"it": {"status": "completed", "output": output}}}
    service.tasks.effects.store.add(Task("task-1", spec, "completed", 1, state=state), None)
    client = make_app(service).test_client()
    return client.get("/tasks/task-1", headers={**bearer(ADMIN), "Accept": "text/html"}).text


def notices(page: str) -> list[str]:
    return re.findall(r'<p class="notice info">(Pull request.*?)</p>', page)


def test_each_pull_request_is_a_link_at_the_top(service: Service) -> None:
    mine = "http://127.0.0.1:8080/acme/apps/pull/2"
    published: list[Json] = [{"pullRequestUrl": mine, "number": 2}, {"pullRequestUrl": None, "number": None}]

    page = ended(
        service,
        {},
        {
            "title": "Retire <billing>",
            "pullRequestUrl": mine,
            "published": published,
            "pullRequestUrls": [mine, BESIDE],
        },
    )

    assert notices(page) == [
        f'Pull request #2: <a href="{mine}">Retire &lt;billing&gt;</a>',
        f'Pull request #3: <a href="{BESIDE}">Retire &lt;billing&gt;</a>',
    ]


def test_what_is_no_address_of_the_web_is_no_link(service: Service) -> None:
    page = ended(service, {"input": {"title": "${{ parameters.title }}"}}, {"pullRequestUrls": [*UNSAFE, BESIDE]})

    assert notices(page) == [f'Pull request #3: <a href="{BESIDE}">{BESIDE}</a>']
