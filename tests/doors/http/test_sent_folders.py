"""What a pipeline or a Template made becomes a result folder, and goes where baked ones go."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from scenedock.doors.http.app import make_app
from scenedock.doors.http.handlers import results
from scenedock.effects.bakes.archives import read_archive
from scenedock.model.action import BASE_PATH
from scenedock.skeletons.rendering.output import BakedTree
from tests.publishing.acme import acme_with
from tests.tools.archives import tar, zipped
from tests.tools.service import PIPELINE, READ, RUN, bearer, service_in

FILES = {"chart/Chart.yaml": b"name: search\n", "chart/logo.png": b"\0\1\2"}
ADDRESS = f"{BASE_PATH}/folders"


@pytest.mark.parametrize("media_type", ["application/gzip", "application/x-www-form-urlencoded", None])
def test_an_archive_becomes_a_folder_whatever_type_its_sender_names(tmp_path: Path, media_type: str | None) -> None:
    service = service_in(tmp_path)
    client = make_app(service).test_client()

    sent: Any = client.post(ADDRESS, data=tar(FILES), content_type=media_type, headers=bearer(RUN))
    again: Any = client.post(ADDRESS, data=tar(FILES), content_type=media_type, headers=bearer(RUN))

    assert (sent.status_code, sent.json["files"], sent.json["url"]) == (201, sorted(FILES), None)
    assert sent.json == again.json
    kept = {file.path: file.content for file in service.effects.results.files(sent.json["folder"])}
    assert kept == FILES


def test_a_sent_folder_is_published_proposed_and_committed(tmp_path: Path) -> None:
    with acme_with(tmp_path / "acme") as acme:
        service = service_in(tmp_path / "service", code_hosts=acme.hosts)
        client = make_app(service).test_client()
        service.tasks.start()
        sent: Any = client.post(ADDRESS, data=zipped(FILES), headers=bearer(RUN))
        folder = {"folder": sent.json["folder"]}

        def run(action: str, given: dict[str, Any]) -> Any:
            answer: Any = client.post(f"{BASE_PATH}/actions/{action}/invoke", json=given | folder, headers=bearer(RUN))
            assert answer.status_code == 200, answer.data
            return answer.json["output"]

        try:
            run("publish-repository", {"repoUrl": "github.com/acme/search"})
            proposed = run("propose-change", {"repoUrl": "github.com/acme/apps", "title": "x", "targetPath": "p"})
            run("commit-change", {"repoUrl": "github.com/acme/apps", "commitMessage": "x", "targetPath": "c"})
        finally:
            service.stop()

        text = ("100644", b"name: search\n")
        assert acme.repository("search").files() == {
            "chart/Chart.yaml": text,
            "chart/logo.png": ("100644", b"\0\1\2"),
        }
        assert acme.repository("apps").files(proposed["branch"])["p/chart/Chart.yaml"] == text
        assert acme.repository("apps").files("main")["c/chart/Chart.yaml"] == text


def test_only_who_may_run_actions_sends_and_only_archives_are_taken(tmp_path: Path) -> None:
    client = make_app(service_in(tmp_path, max_body_bytes=2_000)).test_client()

    def status(data: bytes, headers: dict[str, str]) -> int:
        return client.post(ADDRESS, data=data, headers=headers).status_code

    assert [status(tar(FILES), headers) for headers in (bearer(READ), bearer(PIPELINE), {})] == [403, 403, 401]
    assert (status(b"", bearer(RUN)), status(b"hello", bearer(RUN))) == (400, 400)
    assert status(tar(FILES) + bytes(2_000), bearer(RUN)) == 413


def test_only_two_archives_are_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app(service_in(tmp_path))
    both_are_read, may_end = threading.Barrier(3), threading.Event()

    def read(data: bytes) -> BakedTree:
        both_are_read.wait(60)
        may_end.wait(60)
        return read_archive(data)

    def send(data: bytes) -> Any:
        return app.test_client().post(ADDRESS, data=data, headers=bearer(RUN))

    monkeypatch.setattr(results, "read_archive", read)
    with ThreadPoolExecutor(2) as threads:
        first = [threads.submit(send, tar(FILES)) for _ in range(2)]
        both_are_read.wait(60)
        third = send(tar(FILES))
        may_end.set()
        assert [each.result().status_code for each in first] == [201, 201]

    assert (third.status_code, third.headers["Retry-After"]) == (503, "5")
    assert "other archives are being read" in third.json["error"]["message"]
    monkeypatch.setattr(results, "read_archive", read_archive)
    assert [send(data).status_code for data in (b"hello", b"hello", b"hello", tar(FILES))] == [400, 400, 400, 201]
