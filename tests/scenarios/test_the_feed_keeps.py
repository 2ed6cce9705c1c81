"""Nothing vanishes by accident from the feed of a service that runs: each kind of accident, and how it ends."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.repositories import plant
from tests.tools.feed import FeedService, accept
from tests.tools.server import wait_until
from tests.tools.service import ADMIN, RUN

REPOSITORIES = ("typo", "half", "emptied", "few", "refilled", "gone", "broken", "owners", "url")
FOLDERS = 6
SETTINGS = "vanishing: {secondLook: 2}\n"
PATIENT = "vanishing: {secondLook: 600}\n"
"""However slow the machine is: no pause of the test is taken for the end of a copy."""


def services(root: Path) -> Path:
    """A repository with some services that somebody owns."""
    files = {"scenedock.yaml": PATIENT if root.name == "refilled" else SETTINGS, "CODEOWNERS": "* @acme/payments\n"}
    for number in range(2 if root.name == "few" else FOLDERS):
        name = f"{root.name}-{number}"
        files[f"{name}/Chart.yaml"] = f"name: {name}\nversion: 1.0.0\ndescription: {'x' * number}\n"
    return plant(root, files)


def named(repository: str) -> set[str]:
    return {f"{repository}-{number}" for number in range(2 if repository == "few" else FOLDERS)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("company")


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[FeedService]:
    running = FeedService.of(folder, [services(folder / name) for name in REPOSITORIES])
    running.server.start()
    try:
        yield running
    finally:
        running.server.stop()


def has(service: FeedService, names: set[str]) -> bool:
    return names <= service.entities().keys()


def test_a_typo_in_the_settings_keeps_the_repository_until_it_is_corrected(service: FeedService, folder: Path) -> None:
    settings = folder / "typo" / "scenedock.yaml"
    settings.write_text("folderz: {}\n")
    service.wait_for("typo", "can't be read")
    plant(folder / "half", {"half-new/Chart.yaml": "name: half-new\n"})
    wait_until(lambda: has(service, {"half-new"}), "what another repository has got")

    assert has(service, named("typo"))
    assert "typo/scenedock.yaml:1:" in service.findings("typo")["repository-unreadable"]
    assert service.metric("typo") == {"repository-unreadable"}

    settings.write_text(SETTINGS)
    service.wait_until_well("typo")
    assert (has(service, named("typo")), service.metric("typo"), service.findings("typo")) == (True, set(), {})


def test_settings_that_take_away_most_of_a_repository_are_not_obeyed_at_once(
    service: FeedService, folder: Path
) -> None:
    settings = folder / "typo" / "scenedock.yaml"
    settings.write_text("folders: {include: ['appz/*']}\n")
    service.wait_for("typo", f"{FOLDERS} of its {FOLDERS} entities would vanish")
    assert has(service, named("typo"))

    settings.write_text(SETTINGS)
    service.wait_until_well("typo")


def test_half_of_the_folders_stay_until_one_command_accepts_it(service: FeedService, folder: Path) -> None:
    wait_until(lambda: has(service, named("half")), "the catalog")
    gone = [path for path in sorted((folder / "half").iterdir()) if path.is_dir()][:5]
    for path in gone:
        shutil.rmtree(path)
    service.wait_for("half", "5 of its ")

    assert has(service, named("half"))
    assert "component:half-0" in service.findings("half")["entities-would-vanish"]
    assert service.metric("half") == {"entities-would-vanish"}
    assert not [each for each in service.reasons() if "half-0" in each], "everybody may read it"

    done = accept("half", **service.environment)
    assert (done.returncode, done.stdout) == (0, "half: accepted\n")
    service.wait_until_well("half")
    assert not {path.name for path in gone} & service.entities().keys()
    assert accept("half", **service.environment).stdout == "half: nothing waits to be accepted\n"

    for path in gone:
        plant(path, {"Chart.yaml": f"name: {path.name}\ndescription: {path.name}\n"})
    wait_until(lambda: has(service, named("half")), "what has come back")
    for path in gone:
        shutil.rmtree(path)
    service.wait_for("half", "5 of its ")
    assert has(service, named("half")), "it was opened once"


def test_an_administrator_accepts_from_afar(service: FeedService, folder: Path) -> None:
    for path in (folder / "url").glob("*/Chart.yaml"):
        path.unlink()
    service.wait_for("url", f"{FOLDERS} of its {FOLDERS} entities would vanish")
    assert has(service, named("url"))

    assert accept("url", "--url", service.url, SCENEDOCK_TOKEN=RUN).returncode == 3
    assert accept("url", "--url", service.url).returncode == 3
    unknown = accept("nope", "--url", service.url, SCENEDOCK_TOKEN=ADMIN)
    assert (unknown.returncode, "there is no repository 'nope'; there are: typo, half" in unknown.stderr) == (2, True)
    done = accept("url", "--url", service.url, SCENEDOCK_TOKEN=ADMIN)
    assert (done.returncode, done.stdout) == (0, "url: accepted\n")
    service.wait_until_well("url")
    assert not named("url") & service.entities().keys()


@pytest.mark.parametrize("name", ["emptied", "few"])
def test_an_emptied_folder_keeps_all_however_few_they_are(service: FeedService, folder: Path, name: str) -> None:
    shutil.move(folder / name, folder / f"{name}-elsewhere")
    (folder / name).mkdir()
    count = len(named(name))
    service.wait_for(name, f"{count} of its {count} entities would vanish")
    assert has(service, named(name))

    (folder / name).rmdir()
    service.wait_for(name, "can't be read")
    assert has(service, named(name))

    shutil.move(folder / f"{name}-elsewhere", folder / name)
    service.wait_until_well(name)
    assert has(service, named(name))


def test_a_working_copy_that_is_refilled_is_never_taken_for_the_truth(service: FeedService, folder: Path) -> None:
    wait_until(lambda: has(service, named("refilled")), "the catalog")
    working_copy, source = folder / "refilled", folder / "refilled-source"
    shutil.copytree(working_copy, source)

    def waits_for_a_second_look() -> bool:
        assert has(service, named("refilled")), "a reader never sees less than a whole catalog"
        return any("would vanish, which a second look must confirm" in each for each in service.reasons("refilled"))

    def is_well() -> bool:
        assert has(service, named("refilled")), "a reader never sees less than a whole catalog"
        return not service.reasons("refilled")

    for _ in range(2):
        moved = sorted(source.glob("refilled-*"))[:4]
        for path in moved:
            shutil.rmtree(working_copy / path.name)
        for path in moved:
            wait_until(waits_for_a_second_look, "a refusal while folders are missing")
            shutil.copytree(source / path.name, working_copy / path.name)
        wait_until(is_well, "a working copy that is whole again")


def test_a_folder_that_is_gone_is_gone_after_the_second_look(service: FeedService, folder: Path) -> None:
    wait_until(lambda: has(service, named("gone")), "the catalog")
    shutil.rmtree(folder / "gone" / "gone-5")
    started = time.monotonic()

    wait_until(lambda: "gone-5" not in service.entities(), "a catalog without it")

    assert time.monotonic() - started > 1.5
    service.wait_until_well("gone")


def test_a_chart_that_cannot_be_read_keeps_its_folder_and_other_folders_go_on(
    service: FeedService, folder: Path
) -> None:
    chart = folder / "broken" / "broken-0" / "Chart.yaml"
    good = chart.read_text()
    chart.write_text(f"<<<<<<< HEAD\n{good}=======\n{good}>>>>>>> feature\n")
    service.wait_for("broken", "1 folder can't be read")
    plant(folder / "broken", {"broken-new/Chart.yaml": "name: broken-new\n"})
    wait_until(lambda: has(service, {"broken-new"}), "the other folder")

    assert has(service, named("broken"))
    assert "conflict marker" in service.findings("broken")["unreadable-yaml"]
    assert service.metric("broken") == {"unreadable-folder"}

    chart.write_bytes(b"\0GITCRYPT\0\x01")
    wait_until(lambda: "git-crypt" in service.findings("broken").get("unreadable-yaml", ""), "the other reason")
    assert has(service, named("broken"))

    chart.write_text(good)
    service.wait_until_well("broken")
    assert has(service, named("broken"))


def test_a_name_once_given_stays(service: FeedService, folder: Path) -> None:
    plant(folder / "broken", {"a/worker/Chart.yaml": "name: a\ndescription: The first\n"})
    wait_until(lambda: has(service, {"worker"}), "the first worker")
    plant(folder / "broken", {"b/worker/Chart.yaml": "name: b\ndescription: The second\n"})
    wait_until(lambda: has(service, {"b-worker"}), "the second worker")

    assert service.entities()["worker"].metadata["description"] == "The first"
    assert "b/worker" in str(service.entities()["b-worker"].metadata["annotations"])
    assert "name-kept" in service.findings("broken", "info")


def test_an_emptied_codeowners_does_not_take_all_owners(service: FeedService, folder: Path) -> None:
    codeowners = folder / "owners" / "CODEOWNERS"
    codeowners.write_text("")
    service.wait_for("owners", f"{FOLDERS} entities would lose their owners")

    assert {service.entities()[name].spec["owner"] for name in named("owners")} == {"group:default/payments"}
    assert service.metric("owners") == {"owners-would-vanish"}

    codeowners.write_text("* @acme/storefront\n")
    service.wait_until_well("owners")
    assert {service.entities()[name].spec["owner"] for name in named("owners")} == {"group:default/storefront"}


def test_a_repository_that_is_no_longer_listed_stays_until_all_is_accepted(tmp_path: Path) -> None:
    listed = [services(tmp_path / name) for name in ("apps", "shops")]
    service = FeedService.of(tmp_path / "first", listed)
    service.server.start()
    before = service.files()
    service.server.stop()
    service = FeedService.of(tmp_path / "first", listed[:1])
    service.server.start()
    try:
        service.wait_for("shops", "the repository isn't listed any more, and 6 of its 6 entities would vanish")
        assert service.files() == before
        done = accept(**service.environment)
        assert (done.returncode, done.stdout) == (0, "shops: accepted\n")
        service.wait_until_well("shops")
        assert service.entities().keys() == named("apps")
    finally:
        service.server.stop()


def test_replicas_that_share_a_folder_serve_the_same_bytes_and_so_does_one_that_starts_fresh(tmp_path: Path) -> None:
    root = services(tmp_path / "apps")
    data = {"SCENEDOCK_DATA": str(tmp_path / "data")}
    replicas = [FeedService.of(tmp_path / name, [root], **data) for name in ("first", "second", "third")]
    first, second, third = replicas
    try:
        for each in (first, second):
            each.server.start()
        plant(root, {"a/worker/Chart.yaml": "name: a\n"})
        wait_until(lambda: has(first, {"worker"}) and has(second, {"worker"}), "the worker")
        plant(root, {"b/worker/Chart.yaml": "name: b\n", "CODEOWNERS": "", "apps-0/Chart.yaml": "<<<<<<< HEAD\n"})
        shutil.rmtree(root / "apps-1")
        for each in (first, second):
            each.wait_for("apps", "would lose their owners")
            wait_until(lambda each=each: "apps-1" not in each.entities(), "what is gone")  # type: ignore[misc]
        third.server.start()
        third.wait_for("apps", "would lose their owners")

        assert first.files() == second.files() == third.files()
        assert third.entities().keys() == (named("apps") | {"worker", "b-worker"}) - {"apps-1"}
        accept("apps", **second.environment)
        for each in replicas:
            wait_until(lambda each=each: "owners" not in str(each.reasons()), "what was accepted")  # type: ignore[misc]
        assert first.files() == second.files() == third.files()
    finally:
        for each in replicas:
            each.server.stop()


def test_accepting_needs_the_settings_of_the_service(tmp_path: Path) -> None:
    nothing = accept(SCENEDOCK_DATA=str(tmp_path))
    assert (nothing.returncode, "there is no catalog yet" in nothing.stderr) == (2, True)
    away = accept("--url", "http://127.0.0.1:9", SCENEDOCK_TOKEN=ADMIN)
    assert (away.returncode, "can't be reached" in away.stderr) == (75, True)
    wrong = accept("--url", "localhost:8000")
    assert (wrong.returncode, "is no address of a service" in wrong.stderr) == (2, True)
