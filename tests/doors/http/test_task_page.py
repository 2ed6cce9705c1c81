"""The page of a task leads to what the task has made."""

from __future__ import annotations

import re

from scenedock.doors.http.app import make_app
from scenedock.effects.tasks.storage.tables import TASK
from scenedock.effects.tasks.store import TaskStore
from scenedock.model.action import BASE_PATH
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


def test_of_very_many_tasks_a_page_counts_enough_for_the_pages_after_it(service: Service) -> None:
    database = service.tasks.effects.database
    TaskStore(database).add(Task("task-0", {"steps": []}, "completed", 1), None)
    with database.session() as connection:
        row = dict(connection.execute(TASK.select()).one()._mapping)
    rows = [{**row, "id": f"task-{number}", "created_at": number} for number in range(1, 1_120)]
    database.write(lambda connection: connection.execute(TASK.insert(), rows))
    client = make_app(service).test_client()

    def counted(query: str) -> tuple[str, int]:
        page = client.get(f"/tasks?page={query}", headers={**bearer(ADMIN), "Accept": "text/html"}).text
        offset = (int(query) - 1) * 50
        listed = client.get(f"{BASE_PATH}/tasks?limit=50&offset={offset}", headers=bearer(ADMIN)).json
        said = re.search('<p class="count" role="status">(.*?)</p>', page)
        pages = re.search("<span>(Page .*?)</span>", page)
        assert listed
        return f"{said and said[1]}: {pages and pages[1]}", listed["totalTasks"]

    assert counted("1") == ("At least 1,050 tasks: Page 1 of 21 or more", 1_050)
    assert counted("2") == ("At least 1,100 tasks: Page 2 of 22 or more", 1_100)
    assert counted("3") == ("1,120 tasks: Page 3 of 23", 1_120)
    assert counted("23") == ("1,120 tasks: Page 23 of 23", 1_120)
    alone = client.get(f"{BASE_PATH}/tasks?limit=0", headers=bearer(ADMIN)).json
    assert alone == {"tasks": [], "totalTasks": 1_120}  # who asks for the number alone wants all of it
