"""Running a task: the one workflow, which interprets the stored steps, and which any worker can resume at any point."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from scenedock.effects.tasks.effects import TaskEffects
from scenedock.effects.tasks.journal import Journal
from scenedock.errors import BUG, TIMED_OUT, NotFoundError, ScenedockError, TemporaryError
from scenedock.model.action import Action, Context
from scenedock.model.json import Json, JsonObject, as_object
from scenedock.model.redaction import Redactor, sensitive_texts
from scenedock.model.tasks.changes import (
    OTHER_KEY,
    LeaseLostError,
    TaskChange,
    cancelled,
    ended,
    failure,
    gave_up,
    rested,
    started,
    step_began,
    step_ended,
    with_step,
)
from scenedock.model.tasks.references import holds, render
from scenedock.model.tasks.task import Step, Task, WaitingFor, fingerprint
from scenedock.structs import replace
from scenedock.usecases.run_action import perform
from scenedock.usecases.tasks.limits import TaskLimits
from scenedock.usecases.tasks.submit_task import stored_caller
from scenedock.usecases.tasks.undo_task import undo_failing

_log: Final = logging.getLogger("scenedock.tasks")

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 300.0
_MOST_DOUBLINGS = 10
"""More would make no pause longer."""
_SEAT_CHECK_MILLISECONDS = 5_000
_KEY_CHECK_MILLISECONDS = 15_000
_LONGEST_KEY_CHECK_MILLISECONDS = 300_000
_DAY_MILLISECONDS = 86_400_000
_RULES_SECONDS = 1
"""After which another worker, which has the rules, may have the task."""


class RunningTasks:
    """Runs tasks on the threads that call it, and keeps their journals.

    Once `draining` is set, no further step begins: each task is returned to other workers after its current step.
    """

    def __init__(
        self, effects: TaskEffects, actions: Iterable[Action[Any]], action_effects: Any, limits: TaskLimits
    ) -> None:
        self.effects = effects
        self.actions = {action.id: action for action in actions}
        self.action_effects = action_effects
        self.limits = limits
        self.draining = threading.Event()
        self._journals: set[Journal] = set()

    def run(self, task_id: str, number: int, owner: str) -> None:
        """Run a task until it ends or waits; a task that another worker runs is not touched."""
        if self.draining.is_set():
            return
        now = self.effects.clock()
        try:
            task = self.effects.store.get(task_id)
            began = started(task, number, owner, now)
            with self._journal(task, began.task) as journal:
                _TaskRun(self, journal, tried_before=task.status != "open" or task.attempt > 1).go()
            self.effects.watch.tell(journal.task)
        except LeaseLostError:
            _log.info("task %s is now run by another worker", task_id)
        except ScenedockError as error:  # deleted, or the database can't be reached: it is assigned again
            _log.warning("task %s stopped: %s", task_id, error)

    def flush(self) -> None:
        """Write the log lines of all running tasks that have waited for long enough."""
        for journal in tuple(self._journals):
            try:
                journal.flush()
            except (LeaseLostError, ScenedockError):
                continue  # its own thread meets the same error, and handles it

    @contextmanager
    def _journal(self, stored: Task, began: Task) -> Iterator[Journal]:
        journal = Journal(self.effects.store, stored, began, self.effects.clock)
        self._journals.add(journal)
        try:
            yield journal
        finally:
            self._journals.discard(journal)


class _TaskRun:
    """One run of one task; `tried_before` if one before it may have run a step."""

    def __init__(self, running: RunningTasks, journal: Journal, *, tried_before: bool) -> None:
        self._running = running
        self._journal = journal
        self._tried_before = tried_before
        self._secrets: JsonObject = {}
        self._redactor = Redactor(())

    def go(self) -> None:
        """Run the steps that aren't done, and end or wait."""
        try:
            if self._unseal():
                self._go_through_steps()
            elif self._journal.task.cancel_requested:
                self._add(cancelled(self._journal.task, self._journal.now))
            else:
                self._await_key()
        except TemporaryError:
            raise  # the database can't be reached: the task has not failed, and is assigned again
        except ScenedockError as error:
            self._fail(error.wire_name, str(error))
        self._journal.write()

    def _go_through_steps(self) -> None:
        for step in self._journal.task.steps:
            if self._journal.task.step_state(step.id).get("status") in {"completed", "skipped"}:
                continue
            if self._journal.task.cancel_requested:
                self._add(cancelled(self._journal.task, self._journal.now))
                break
            if self._running.draining.is_set():
                self._rest(0, "", "for another worker, as this one stops")
                break
            if not self._step(step):
                break
        else:
            self._complete()

    def _unseal(self) -> bool:
        """Whether the task's secrets could be opened with the key of this process."""
        task, seal = self._journal.task, self._running.effects.seal
        if not seal.opens(task.secrets_sealed):
            return False
        opened = seal.open(task.id, task.secrets_sealed)
        self._secrets = opened
        texts = [str(value) for value in as_object(opened.get("secrets")).values()]
        self._redactor = Redactor([*texts, *sensitive_texts(opened.get("inputs"))])
        return True

    def _await_key(self) -> None:
        """Wait for another process that has the key, or for this one's next start; look less often with time."""
        task, now, days = self._journal.task, self._journal.now, self._running.limits.key_days
        looked_before = task.wait_for == fingerprint(OTHER_KEY)
        since = int(str(task.state.get("without_key_since", now))) if looked_before else now
        if now - since >= days * _DAY_MILLISECONDS:
            self._fail(TIMED_OUT, f"gave up after waiting {days} days {OTHER_KEY}; its secrets are deleted")
            return
        self._add(TaskChange(replace(task, state={**task.state, "without_key_since": since})))
        pause = min(max(now - since, _KEY_CHECK_MILLISECONDS), _LONGEST_KEY_CHECK_MILLISECONDS)
        self._rest(pause, OTHER_KEY, OTHER_KEY)

    def _step(self, step: Step) -> bool:
        """Run one step; returns whether to continue with the next one."""
        task, journal = self._journal.task, self._journal
        action = self._running.actions.get(step.action)
        if action is None:
            self._fail(NotFoundError.wire_name, f"there is no action `{step.action}` in this release", step)
            return False
        if not holds(step.condition, self._scope()):
            self._add(step_ended(task, step, "skipped", journal.now))
            return True
        values = self._values(step)
        seats = self._running.limits.seats(action, values)
        full = self._running.effects.store.take_seats(task, seats) if seats else None
        if full is not None:
            self._rest(_SEAT_CHECK_MILLISECONDS, full, f"another task has {full}")
            return False
        self._add(step_began(task, step, journal.now, journal.now + self._running.limits.step_seconds * 1_000))
        journal.write()
        if journal.task.cancel_requested:
            self._add(cancelled(journal.task, journal.now))
            return False
        return self._attempt(action, step, values)

    def _attempt(self, action: Action[Any], step: Step, values: JsonObject) -> bool:
        try:
            self._require_rules(action)
            output = perform(action, self._context(step), values)
        except WaitingFor as waiting:
            self._wait(step, waiting)
        except TemporaryError as error:
            self._try_again(step, error)
        except LeaseLostError:
            raise
        except ScenedockError as error:
            self._fail(error.wire_name, str(error), step)
        except Exception:  # noqa: BLE001 - a bug in an action ends its task; the details are only in the log
            self._report_bug(step)
        else:
            shown = as_object(self._redactor.json(output))
            self._add(step_ended(self._journal.task, step, "completed", self._journal.now, shown))
            return True
        return False

    def _require_rules(self, action: Action[Any]) -> None:
        """Refuse to ask nobody where whoever took the task had rules about approvals.

        Raises
        ------
        TemporaryError   this worker has none; another one may have
        """
        if action.needs_rules and self._journal.task.state.get("rules") and not self._running.effects.rules:
            message = (
                f"this worker has no rules about approvals, and the process that took the task has: {action.id} isn't "
                "run here; give all processes the same SCENEDOCK_RULES"
            )
            _log.error("task %s: %s", self._journal.task.id, message)
            raise TemporaryError(message, retry_after=_RULES_SECONDS)

    def _context(self, step: Step) -> Context[Any]:
        return Context(
            caller=stored_caller(self._journal.task),
            effects=self._running.action_effects,
            task_id=self._journal.task.id,
            step_id=step.id,
            attempt=self._journal.task.attempt,
            tried_before=self._tried_before,
            log=lambda message: self._journal.log(self._redactor.text(message), step.id),
            secrets={name: str(value) for name, value in as_object(self._secrets.get("secrets")).items()},
        )

    def _values(self, step: Step) -> JsonObject:
        """The step's input for the action."""
        written = {**step.input, **as_object(as_object(self._secrets.get("inputs")).get(step.id))}
        return written if self._journal.task.state.get("rendered") else as_object(render(written, self._scope()))

    def _scope(self) -> JsonObject:
        task = self._journal.task
        return {
            "steps": as_object(task.state.get("steps")),
            "parameters": as_object(task.spec.get("parameters")),
            "secrets": as_object(self._secrets.get("secrets")),
        }

    def _wait(self, step: Step, waiting: WaitingFor) -> None:
        if gave_up(self._journal.task.step_state(step.id), waiting, self._journal.now):
            self._fail(TIMED_OUT, f"gave up after waiting {waiting.give_up_seconds:,.0f} s for {waiting.told}", step)
        else:
            self._note(step, tries=0, until=None)  # the waiting time doesn't count towards the deadline of its tries
            self._rest(int(waiting.check_seconds * 1_000), waiting.key, f"for {waiting.told}")

    def _try_again(self, step: Step, error: TemporaryError) -> None:
        """Wait before the next try, each time for longer, until the deadline of the first one; a turn is not a try."""
        task, now = self._journal.task, self._journal.now
        state = task.step_state(step.id)
        tries = int(str(state.get("tries", 0))) + (not error.turn)
        growing = 0 if error.turn else _FIRST_PAUSE_SECONDS * 2 ** min(tries - 1, _MOST_DOUBLINGS)
        pause = min(max(error.retry_after, growing), _LONGEST_PAUSE_SECONDS)
        until = int(str(state.get("until") or task.deadline_at))
        if now + pause * 1_000 > until:
            self._fail(error.wire_name, str(error) if error.turn else f"{error} (tried {tries} times)", step)
            return
        self._note(step, tries=tries, until=until)
        what = "Not yet" if error.turn else f"Try {tries} failed"
        self._journal.log(f"{what}: {self._redactor.text(str(error))}; again in {pause:g} s", step.id)
        self._rest(int(pause * 1_000), "", "until the next try")

    def _note(self, step: Step, **values: Json) -> None:
        self._add(TaskChange(with_step(self._journal.task, step, {**self._journal.task.step_state(step.id), **values})))

    def _rest(self, milliseconds: int, key: str, reason: str) -> None:
        now = self._journal.now
        shown = self._redactor.text(reason)
        self._add(
            rested(
                self._journal.task,
                now,
                wake_at=now + milliseconds,
                wait_for=fingerprint(key) if key else None,
                reason=shown,
            )
        )

    def _complete(self) -> None:
        output = as_object(self._redactor.json(render(as_object(self._journal.task.spec.get("output")), self._scope())))
        body: JsonObject = {"message": "Run completed with status: completed", "output": output}
        self._add(ended(self._journal.task, "complete", body, self._journal.now))

    def _fail(self, name: str, message: str, step: Step | None = None) -> None:
        now, redacted = self._journal.now, self._redactor.text(message)
        undone = undo_failing(self._running.effects, self._running.actions.values(), self._journal.task)
        self._add(TaskChange(undone))
        if step is not None:
            self._journal.log(f"{name}: {redacted}", step.id)
            self._add(step_ended(self._journal.task, step, "failed", now))
        self._add(ended(self._journal.task, "fail", failure(name, redacted), now))

    def _report_bug(self, step: Step) -> None:
        where = f"task {self._journal.task.id}, step {step.id}"
        _log.error("a bug in %s: %s\n%s", step.action, where, self._redactor.text(traceback.format_exc()))
        self._fail(BUG, f"a bug in {step.action}; the log of the service has the details ({where})", step)

    def _add(self, change: TaskChange) -> None:
        self._journal.add(change)
