"""The metrics for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from math import nan

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from scenedock.effects.tasks.lookout import TaskCounts
from scenedock.errors import ScenedockError
from scenedock.model.finding import Reason
from scenedock.model.tasks.changes import NewEvent
from scenedock.model.tasks.task import Task
from scenedock.runtime.feed.catalog_feed import Served

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class TaskMetrics:
    """The metrics of tasks. `counts` counts all that haven't ended; the counters are of what this process did."""

    def __init__(self, counts: Callable[[], TaskCounts]) -> None:
        self._counts = counts
        self.registry = registry = CollectorRegistry()
        self._tasks = Gauge(
            "scenedock_tasks",
            "Tasks in the whole database that haven't ended: running, waiting for a worker, or resting.",
            ["state"],
            registry=registry,
        )
        self._oldest = Gauge(
            "scenedock_tasks_oldest_seconds", "Seconds that a task has waited for a worker.", registry=registry
        )
        self._ended = Counter(
            "scenedock_tasks_ended",
            "Tasks that ended in this process, by status and the action of their last step.",
            ["status", "action"],
            registry=registry,
        )
        self._takeovers = Counter(
            "scenedock_task_takeovers", "Tasks of lost workers that this process took over.", registry=registry
        )

    def note(self, task: Task, events: Sequence[NewEvent]) -> None:
        """Count what events tell of a task."""
        types = {event.type for event in events}
        if "completion" in types:
            begun = (step.action for step in reversed(task.steps) if task.step_state(step.id))
            self._ended.labels(task.status, next(begun, "none")).inc()
        if "recovered" in types:
            self._takeovers.inc()

    def text(self) -> bytes:
        """The metrics in Prometheus's text format; while the database can't be reached, without what is in it."""
        self._tasks.clear()
        self._oldest.set(nan)
        try:
            counts = self._counts()
        except ScenedockError:
            return generate_latest(self.registry)
        for state in ("running", "waiting", "resting"):
            self._tasks.labels(state).set(getattr(counts, state))
        waits = time.time() - counts.oldest_at / 1_000 if counts.oldest_at is not None else 0.0
        self._oldest.set(max(0.0, waits))
        return generate_latest(self.registry)


class Metrics:
    """Counts and durations of one process.

    `feed` returns the feed that is being served, if there is one, `token_days` the days that tokens are still valid,
    `reasons` why the service is degraded besides what the feed says.
    """

    def __init__(
        self,
        feed: Callable[[], Served | None],
        counts: Callable[[], TaskCounts],
        token_days: Callable[[], Mapping[str, int]] = dict,
        reasons: Callable[[], Sequence[Reason]] = tuple,
    ) -> None:
        self._feed = feed
        self._token_days = token_days
        self._reasons = reasons
        self.tasks = TaskMetrics(counts)
        self._registry = registry = CollectorRegistry()
        self.requests = Counter(
            "scenedock_requests", "Requests by route and status.", ["route", "status"], registry=registry
        )
        self.request_seconds = Histogram(
            "scenedock_request_seconds",
            "Seconds until the response began.",
            ["route"],
            registry=registry,
            buckets=SECONDS,
        )
        self.invocations = Counter(
            "scenedock_invocations", "Calls of actions by outcome.", ["action", "outcome"], registry=registry
        )
        self.invocation_seconds = Histogram(
            "scenedock_invocation_seconds",
            "Seconds that calls of actions took, with the wait for a place.",
            ["action"],
            registry=registry,
            buckets=SECONDS,
        )
        self.running = Gauge("scenedock_invocations_running", "Calls that have begun and not ended.", registry=registry)
        self.waiting = Gauge("scenedock_invocations_waiting", "Calls that wait for a place.", registry=registry)
        self._age = Gauge(
            "scenedock_feed_age_seconds", "Seconds since the feed was known to be up to date.", registry=registry
        )
        self._entities = Gauge("scenedock_entities", "Entities in the feed.", ["kind"], registry=registry)
        self._repositories = Gauge(
            "scenedock_repository_age_seconds",
            "Seconds since a repository was last known to be up to date.",
            ["repository"],
            registry=registry,
        )
        self._degraded = Gauge(
            "scenedock_degraded",
            "1 for each reason why the service is degraded, such as a feed that isn't what a repository says now.",
            ["repository", "reason"],
            registry=registry,
        )
        self._tokens = Gauge(
            "scenedock_token_expiry_days", "Days until the token for a code host ends.", ["host"], registry=registry
        )
        self._findings = Gauge("scenedock_findings", "Findings of the feed.", ["severity"], registry=registry)

    def text(self) -> bytes:
        """All metrics in Prometheus's text format."""
        self._tokens.clear()
        for host, days in self._token_days().items():
            self._tokens.labels(host).set(days)
        served = self._feed()
        self._degraded.clear()
        for reason in (*(served.feed.reasons if served else ()), *self._reasons()):
            self._degraded.labels(reason.repository, reason.code).set(1)
        if served:
            self._age.set(max(0.0, time.time() - served.checked))
            for name, seen in served.seen.items():
                self._repositories.labels(name).set(max(0.0, time.time() - seen))
            self._entities.clear()
            for kind, count in served.feed.by_kind.items():
                self._entities.labels(kind).set(count)
            for severity in ("error", "warning", "info"):
                count = sum(each.severity == severity for each in served.feed.findings)
                self._findings.labels(severity).set(count)
        return generate_latest(self._registry) + self.tasks.text()
