"""No credential is ever in a log, an error, an event, an output, an address, an argument of git, or the database."""

from __future__ import annotations

import base64
import json
import logging
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from scenedock.actions import ACTIONS
from scenedock.errors import ScenedockError
from scenedock.model.action import Caller, Context
from scenedock.runtime.tasks.service import TaskService
from scenedock.runtime.tasks.settings import TaskSettings
from scenedock.runtime.tasks.wiring import open_tasks
from scenedock.usecases.tasks.run_as_task import TaskCalls
from tests.fakes.shared.faults import Act
from tests.publishing.acme import Acme
from tests.publishing.company import Company
from tests.publishing.test_credentials import PERMISSIONS, with_app

CALLER = Caller("token:ci", "token", scope="run")
CANARY = 'ghp_canary+/"7f3a91c2d8e4b605'
SECRET = 'value+/"of-a-secret-5d1e9a'  # noqa: S105 - it opens nothing


def forms(secret: str) -> set[str]:
    """What a secret may look like: itself, encoded, and slices of these."""
    data = secret.encode()
    whole = {
        secret,
        json.dumps(secret)[1:-1],
        quote(secret, safe=""),
        base64.b64encode(data).decode(),
        base64.urlsafe_b64encode(data).decode(),
        base64.b64encode(b"x-access-token:" + data).decode()[20:],
        base64.b64encode(b"oauth2:" + data).decode()[12:],
        data.hex(),
        repr(secret)[1:-1],
    }
    return {form[at : at + 12] for form in whole for at in range(len(form) - 11)}


def found(places: dict[str, str], *secrets: str) -> list[str]:
    """The places in which a secret is, in whatever form."""
    return [place for place, text in places.items() for form in set().union(*map(forms, secrets)) if form in text]


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Everything that any library logs, as much as it can."""
    loggers = [
        logging.getLogger(name)
        for name in ("", "github", "github.Requester", "gitlab", "urllib3", "requests", "scenedock")
    ]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    caplog.set_level(logging.DEBUG)
    yield caplog
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command lines of all processes that are started."""
    commands: list[str] = []
    popen = subprocess.Popen.__init__

    def noted(self: Any, arguments: Any, *rest: Any, **options: Any) -> None:
        commands.append(repr(arguments))
        popen(self, arguments, *rest, **options)

    monkeypatch.setattr(subprocess.Popen, "__init__", noted)
    return commands


STEPS: list[tuple[str, dict[str, Any]]] = [
    (
        "publish-repository",
        {"repoUrl": "new", "files": [{"path": "a", "content": "b"}], "secrets": {"PLAIN": SECRET}},
    ),
    ("propose-change", {"repoUrl": "apps", "title": "x", "files": [{"path": "a", "content": "b"}]}),
    ("commit-change", {"repoUrl": "apps", "commitMessage": "x", "delete": ["NOTES.md"]}),
]
STRUCK = {
    "github": "POST .*/(git/trees|access_tokens)",
    "gitlab": "(POST .*/(git-receive-pack|variables)|GET .*/projects/)",
}


def run_all(company: Company) -> dict[str, str]:
    """Every action, once well and once with each thing that goes wrong; what they said."""
    told: dict[str, str] = {}
    words = company.faults
    strikes: list[Act | None] = [
        None,
        words.bad_credentials,
        words.missing_permission,
        words.rate_limit(9),
        words.unavailable(500),
        words.dropped,
    ]
    for number, strike in enumerate(strikes):
        for action, given in STEPS:
            company.struck.clear()
            if strike:
                company.struck.add(STRUCK[company.kind], before=strike)
            try:
                told[f"{action} {number}"] = json.dumps(company.run(action, given, again=number > 0, task=f"t{number}"))
            except ScenedockError as error:
                told[f"{action} {number}"] = (
                    f"{error!r} {error.__cause__!r} {error.__context__ and error.__suppress_context__}"
                )
            company.forget_pauses()
    return told


def test_a_personal_token_and_a_secret_are_nowhere(
    company: Company, said: pytest.LogCaptureFixture, started: list[str]
) -> None:
    company.use_token(CANARY)

    told = run_all(company)

    asked = " ".join(f"{each.path}?{each.query}" for each in company.fake.calls)
    # GitLab gets the value of a variable as it is, by https; GitHub gets it sealed.
    bodies = json.dumps([each.body for each in company.fake.calls if "/variables" not in each.path])
    assert company.has("new").secrets == {"PLAIN": SECRET}
    places = {**told, "log": said.text, "steps": "\n".join(company.logged), "asked": asked, "bodies": bodies}
    places |= {"processes": "\n".join(started), "repr": repr(company.effects.code_hosts._by_name)}
    assert found(places, CANARY, SECRET) == []
    logged = said.text.replace("%2F", "/")
    assert re.search("POST .*/apps/(pulls|merge_requests)", logged), (
        "urllib3 must have logged for this to mean anything"
    )


def test_an_apps_key_and_tokens_are_nowhere(acme: Acme, said: pytest.LogCaptureFixture) -> None:
    app = with_app(acme, PERMISSIONS)

    told = run_all(acme)

    tokens = [value for value, token in acme.github.world.tokens.items() if token.installation]
    key = "".join(app.private_key.splitlines()[1:-1])
    assert tokens
    places = {**told, "log": said.text, "steps": "\n".join(acme.logged), "repr": repr(acme.effects.code_hosts._by_name)}
    assert found(places, key[100:200], *tokens) == []


def test_no_event_and_no_row_of_a_task_has_them(
    company: Company, tmp_path: Path, said: pytest.LogCaptureFixture
) -> None:
    company.use_token(CANARY)
    tasks: TaskService = open_tasks(TaskSettings(data=tmp_path / "data"), ACTIONS, company.effects)
    tasks.start()
    try:
        calls = TaskCalls(lambda: tasks.effects, ACTIONS)
        for action, given in STEPS:
            found_action = next(each for each in ACTIONS if each.name == action)
            address = {"repoUrl": company.url(given["repoUrl"])}
            calls.run(found_action, Context(CALLER, company.effects), {**given, **address})
        wrong = next(each for each in ACTIONS if each.name == "propose-change")
        company.struck.add(company.requests["any of a repository"], before=company.faults.bad_credentials)
        given = {**STEPS[1][1], "repoUrl": company.url(), "title": "y"}
        with pytest.raises(ScenedockError, match=r"doesn't accept the (credentials|token)"):
            calls.run(wrong, Context(CALLER, company.effects), given)
    finally:
        tasks.stop(5)

    rows = {str(path): path.read_bytes().decode("latin-1") for path in (tmp_path / "data").rglob("*") if path.is_file()}
    assert any(path.endswith(".sqlite") or ".db" in path or "sqlite" in path for path in rows), list(rows)
    assert found({**rows, "log": said.text}, CANARY, SECRET) == []
