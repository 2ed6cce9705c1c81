"""What people and assistants do with Backstage, over HTTP as its frontend and MCP clients do it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import urllib3

from tests.tools.server import SECONDS_TO_WAIT


@dataclass(frozen=True, slots=True)
class TaskRun:
    """How a scaffolder task ended: its status, the lines of its log that a person sees, its output."""

    id: str
    status: str
    log: list[str]
    output: dict[str, Any]

    @property
    def text(self) -> str:
        """The log as one text."""
        return "\n".join(self.log)


class RefusedError(Exception):
    """Backstage answered with an error."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text[:2000]}")
        self.status = status


@dataclass(slots=True)
class Frontend:
    """What Backstage's frontend does for a person who is signed in."""

    url: str
    _pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(maxsize=64, retries=False, timeout=60)
    )
    token: str = ""

    def sign_in(self) -> None:
        """Get the guest user's token, again after a restart."""
        self.token = self.ask("GET", "auth/guest/refresh")["backstageIdentity"]["token"]

    def hang_up(self) -> None:
        """Close what connections rest: node closes those that have for 5 s, perhaps just when they are used again."""
        self._pool.clear()

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The JSON that a path below `/api` answers.

        Raises
        ------
        RefusedError   it answers an error
        """
        answer = self._request(method, path, "application/json, text/event-stream", body)
        text = answer.data.decode("utf-8")
        if answer.status >= 400:
            raise RefusedError(answer.status, text)
        if answer.headers.get("Content-Type", "").startswith("text/event-stream"):
            (text,) = (line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: "))
        return json.loads(text) if text else None

    def text(self, path: str) -> str:
        """The text that a path below `/api` answers: of a page, or all events of a stream.

        Raises
        ------
        RefusedError   it answers an error
        """
        answer = self._request("GET", path, "*/*")
        text = answer.data.decode("utf-8")
        if answer.status >= 400:
            raise RefusedError(answer.status, text)
        return text

    def _request(self, method: str, path: str, accept: str, body: object = None) -> urllib3.BaseHTTPResponse:
        headers = {"Accept": accept}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return self._pool.request(method, f"{self.url}/api/{path}", headers=headers, json=body)

    def actions(self) -> dict[str, dict[str, Any]]:
        """The actions that Templates may use, by id."""
        return {action["id"]: action for action in self.ask("GET", "scaffolder/v2/actions")}

    def form(self, template: str) -> dict[str, Any]:
        """The form of a Template in the default namespace, as it is shown."""
        form: dict[str, Any] = self.ask("GET", f"scaffolder/v2/templates/default/template/{template}/parameter-schema")
        return form

    def fill_in(self, template: str, answers: Mapping[str, Any]) -> dict[str, Any]:
        """What a Template's form holds when a person has given these answers and left the rest as it is."""
        values: dict[str, Any] = {}
        for page in self.form(template)["steps"]:
            values |= _filled(page["schema"], answers)
        return values

    def run(self, template: str, values: Mapping[str, Any], secrets: Mapping[str, str] | None = None) -> TaskRun:
        """Send a Template's form, and follow the task to its end."""
        body = {"templateRef": f"template:default/{template}", "values": values, "secrets": secrets or {}}
        return self._followed(self.ask("POST", "scaffolder/v2/tasks", body)["id"])

    def retry(self, run: TaskRun) -> TaskRun:
        """What the Retry button does on the page of a task that has ended, and how the task ends then."""
        self.ask("POST", f"scaffolder/v2/tasks/{run.id}/retry", {"secrets": {}})
        return self._followed(run.id)

    def _followed(self, task: str) -> TaskRun:
        events: list[dict[str, Any]] = []
        until = time.monotonic() + SECONDS_TO_WAIT
        while not events or events[-1]["type"] != "completion":
            if time.monotonic() > until:
                raise TimeoutError(f"the task has not ended: {events}")
            after = f"?after={events[-1]['id']}" if events else ""
            events += self.ask("GET", f"scaffolder/v2/tasks/{task}/events{after}")
            time.sleep(0.05)
        return TaskRun(
            id=task,
            status=self.ask("GET", f"scaffolder/v2/tasks/{task}")["status"],
            log=[event["body"]["message"] for event in events if "message" in event["body"]],
            output=events[-1]["body"].get("output") or {},
        )

    def dry_run(self, template: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
        """What the template editor shows: `log`, `output` and `directoryContents` of a run that changes nothing."""
        body = {"template": template, "values": values, "secrets": {}, "directoryContents": []}
        shown: dict[str, Any] = self.ask("POST", "scaffolder/v2/dry-run", body)
        return shown

    def tools(self) -> dict[str, dict[str, Any]]:
        """The tools that an assistant is offered, by name."""
        return {tool["name"]: tool for tool in self._mcp("tools/list", {})["tools"]}

    def call(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """What an assistant gets from a tool: `content`, `structuredContent`, `isError`."""
        return self._mcp("tools/call", {"name": tool, "arguments": arguments})

    def may_call(self, tool: str, arguments: Mapping[str, Any]) -> bool:
        """Whether an assistant gets anything but an error from a tool."""
        try:
            return not self.call(tool, arguments).get("isError")
        except RefusedError:
            return False

    def _mcp(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer: dict[str, Any] = self.ask("POST", "mcp-actions/v1", question)
        if "error" in answer:
            raise RefusedError(200, json.dumps(answer["error"]))
        result: dict[str, Any] = answer["result"]
        return result

    def entities(self, *filters: str) -> list[dict[str, Any]]:
        """The entities that match one of the filters, `kind=component,spec.type=service`."""
        query = "&".join(f"filter={each}" for each in filters)
        found: list[dict[str, Any]] = self.ask("GET", f"catalog/entities?{query}")
        return found

    def unprocessed(self) -> list[dict[str, Any]]:
        """The entities that the catalog knows of and can't show, whether they failed or wait."""
        answers = (self.ask("GET", f"catalog/entities/unprocessed/{state}") for state in ("failed", "pending"))
        return [entity for answer in answers for entity in answer["entities"]]

    def refresh(self, entity: str) -> None:
        """What the Refresh button does on the page of an entity."""
        self.ask("POST", "catalog/refresh", {"entityRef": entity})

    def has(self, references: Iterable[str]) -> bool:
        """Whether the catalog has all these entities, `kind:namespace/name`."""
        wanted = list(references)
        answer = self.ask("POST", "catalog/entities/by-refs", {"entityRefs": wanted, "fields": ["metadata.name"]})
        return all(answer["items"])


def _filled(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a page: answers, else defaults, and those of the fields that an answer makes visible."""
    values = {name: field["default"] for name, field in schema.get("properties", {}).items() if "default" in field}
    values |= {name: answers[name] for name in schema.get("properties", {}) if name in answers}
    for name, rule in schema.get("dependencies", {}).items():
        for case in rule["oneOf"]:
            if case["properties"][name]["const"] == values.get(name):
                values = _filled(case, answers) | values
    return values
