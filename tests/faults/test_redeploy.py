"""A new release with changed code goes on with whatever the old one left."""

from __future__ import annotations

from pathlib import Path

from scenedock.usecases.tasks.submit_task import submit_task
from tests.faults.process import CALLER, make_file, open_service
from tests.faults.processes import lines, migrated, processes, wait_until
from tests.tools.deliveries import deliver
from tests.tools.postgres import Postgres


def test_tasks_that_run_wait_and_stand_in_the_queue_end_under_the_new_release(
    tmp_path: Path, postgres: Postgres
) -> None:
    database = migrated(tmp_path, postgres.make_database(tmp_path.name))
    with processes(tmp_path, database) as started:
        service = open_service(tmp_path, database, "web")
        old = started.start("worker", release="1")

        def submit(**given: object) -> str:
            steps = [make_file("first", seconds=0.0), make_file("second", **given)]  # type: ignore[arg-type] # JSON
            return submit_task(service.effects, service.actions, CALLER, {"steps": steps}).id

        store = service.effects.store
        waiting = [submit(gate="gate") for _ in range(3)]
        wait_until(lambda: all(store.get(task_id).reason for task_id in waiting))
        running = [submit(seconds=8.0) for _ in range(4)]
        wait_until(lambda: all(store.get(task_id).lease_owner for task_id in running))
        queued = [submit(seconds=0.0) for _ in range(10)]
        started.stop(old)
        (tmp_path / "gate").touch()
        started.start("worker", release="2")
        deliver(service.effects, "gate:gate")
        wait_until(lambda: all(store.get(task_id).finished for task_id in waiting + running + queued))

        assert {store.get(task_id).status for task_id in waiting + running + queued} == {"completed"}
        service.stop(0)
    ran = [line.split() for line in lines(tmp_path / "ran")]
    assert {release for task_id, step, _, release in ran if task_id in waiting and step == "first"} == {"1"}
    assert {release for task_id, _, _, release in ran if task_id in queued} == {"2"}
    assert [line for line in ran if line[0] in running and line[3] == "2"]


def test_a_worker_that_is_told_to_stop_hands_its_tasks_on_after_the_step_that_runs(
    tmp_path: Path, postgres: Postgres
) -> None:
    database = migrated(tmp_path, postgres.make_database(tmp_path.name))
    with processes(tmp_path, database) as started:
        service = open_service(tmp_path, database, "web")
        store = service.effects.store
        old = started.start("worker", release="1", grace=30)
        steps = [make_file(f"s{number}", seconds=0.4) for number in range(6)]
        tasks = [submit_task(service.effects, service.actions, CALLER, {"steps": steps}).id for _ in range(8)]
        wait_until(lambda: all(store.get(task_id).lease_owner for task_id in tasks[:4]))
        started.stop(old)

        given_back = [store.get(task_id) for task_id in tasks]
        assert {(task.status in {"open", "processing"}, task.lease_owner) for task in given_back} == {(True, None)}
        started.start("worker", release="2")
        wait_until(lambda: all(store.get(task_id).finished for task_id in tasks))

        assert {store.get(task_id).status for task_id in tasks} == {"completed"}
        assert not [event for task_id in tasks for event in store.events(task_id) if event.type == "recovered"]
        service.stop(0)
    ran = [tuple(line.split()[:2]) for line in lines(tmp_path / "ran")]
    assert len(ran) == len(set(ran)) == len(tasks) * len(steps)
