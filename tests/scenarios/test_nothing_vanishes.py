"""Nothing vanishes by accident from files: what the last run wrote stays until its folder is really gone."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from scenedock.catalog.reading.entity_files import read_entities
from tests.scenarios.repositories import clone, export, git, plant, scenedock

CONFLICT = "<<<<<<< HEAD\nname: ledger\n=======\nname: book\n>>>>>>> feature\n"
AT_ONCE = "vanishing: {secondLook: 0}\n"
Target = Callable[[Path], tuple[str | Path, ...]]


def services(root: Path, names: str, **more: str) -> Path:
    """A repository with a deployment folder of each name."""
    files = {f"{name}/Chart.yaml": f"name: {name}\nversion: 1.0.0\ndescription: The {name}\n" for name in names.split()}
    return plant(root, {**files, "scenedock.yaml": AT_ONCE, **more})


def written(path: Path) -> dict[str, dict[str, object]]:
    """The entities of an output, each by `kind:name`, as its spec."""
    found = read_entities(path.read_bytes(), label="output")
    return {f"{each.kind.lower()}:{each.name}": dict(each.spec) for each in found}


def check(root: Path) -> subprocess.CompletedProcess[str]:
    return scenedock("catalog", "check", root)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "catalog.yaml"


BROKEN: Mapping[str, tuple[bytes, str]] = {
    "conflict": (CONFLICT.encode(), "ledger/Chart.yaml:1: the file has a conflict marker"),
    "no YAML": (b"name: [\n", "ledger/Chart.yaml:2: this is not YAML"),
    "no mapping": (b"- name\n", "is not a mapping of keys to values"),
    "empty": (b"", "is empty"),
    "git-crypt": (b"\0GITCRYPT\0\x01\x02", "is encrypted with git-crypt"),
    "sops": (b"name: ENC[AES256_GCM,data:x]\nsops: {version: 3}\n", "is encrypted with sops"),
}


@pytest.mark.parametrize(("broken", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_a_chart_that_cannot_be_read_keeps_the_entities_of_its_folder(
    tmp_path: Path, output: Path, broken: bytes, said: str
) -> None:
    root = services(
        tmp_path / "apps",
        "billing cart ledger mail search",
        **{"billing/values.yaml": "url: http://ledger\n", "ledger/openapi.yaml": "openapi: 3.0.1\n"},
    )
    export(root, "--output", output)
    before = written(output)
    (root / "ledger" / "Chart.yaml").write_bytes(broken)
    plant(root, {"cart/values-qa.yaml": "a: 1\n", "mail/Chart.yaml": "name: mail\ndeprecated: true\n"})

    done = export(root, "--output", output)

    assert (done.returncode, said in done.stdout) == (1, True)
    after = written(output)
    assert {ref: after[ref] for ref in before if ref not in {"component:mail", "component:cart"}} == {
        ref: before[ref] for ref in before if ref not in {"component:mail", "component:cart"}
    }
    assert before["component:billing"]["dependsOn"] == ["component:ledger"]
    assert after["component:mail"]["lifecycle"] == "deprecated", "other folders go on"
    assert "api:ledger" in after


def test_a_conflict_marker_in_values_keeps_the_folder_as_it_was(tmp_path: Path, output: Path) -> None:
    root = services(tmp_path / "apps", "billing ledger", **{"billing/values.yaml": "url: http://ledger\n"})
    export(root, "--output", output)
    before = output.read_bytes()
    plant(root, {"billing/values.yaml": "<<<<<<< HEAD\nurl: http://ledger\n=======\nurl: x\n>>>>>>> a\n"})

    done = export(root, "--output", output)

    assert (done.returncode, "conflict marker" in done.stdout, output.read_bytes() == before) == (1, True, True)


def test_a_service_of_several_folders_stays_whole_when_one_of_them_cannot_be_read(tmp_path: Path, output: Path) -> None:
    root = tmp_path / "apps"
    for environment in ("dev", "production"):
        plant(
            root,
            {f"{environment}/billing/Chart.yaml": "name: billing\n", f"{environment}/cart/Chart.yaml": "name: c\n"},
        )
    plant(root, {"scenedock.yaml": "environments: {entities: resources}\n" + AT_ONCE})
    export(root, "--output", output)
    before = output.read_bytes()
    plant(root, {"production/billing/Chart.yaml": CONFLICT})

    assert export(root, "--output", output).returncode == 1
    assert output.read_bytes() == before
    assert b"billing-production" in before


def test_manifests_and_app_lists_that_cannot_be_read_keep_their_entities(tmp_path: Path, output: Path) -> None:
    manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
    root = services(
        tmp_path / "apps",
        "billing cart",
        **{
            "web/deployment.yaml": manifest,
            "lists/apps.yaml": "apps: [{name: mail}, {name: search}]\n",
            "scenedock.yaml": f"{AT_ONCE}folders: {{include: [billing, cart, web]}}\n"
            "apps: [{file: lists/apps.yaml, items: apps}]\n",
        },
    )
    export(root, "--output", output)
    before = written(output)
    assert {"component:web", "component:mail"} <= before.keys()
    plant(root, {"web/deployment.yaml": f"<<<<<<< HEAD\n{manifest}", "lists/apps.yaml": CONFLICT})

    done = export(root, "--output", output)

    assert (done.returncode, written(output)) == (1, before)
    errors = [line for line in done.stdout.splitlines() if line.startswith("error: ")]
    assert {line.split(":")[2] for line in errors if "conflict marker" in line} == {
        "lists/apps.yaml",
        "web/deployment.yaml",
    }


def test_a_folder_that_is_gone_is_gone_while_another_cannot_be_read(tmp_path: Path, output: Path) -> None:
    root = services(tmp_path / "apps", "a b c d e f g h")
    export(root, "--output", output)
    plant(root, {"a/Chart.yaml": CONFLICT})
    shutil.rmtree(root / "b")

    export(root, "--output", output)

    assert written(output).keys() == {f"component:{name}" for name in "acdefgh"}


def test_in_place_nothing_is_deleted_for_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    root = services(tmp_path / "apps", "billing ledger mail", **{"billing/values.yaml": "url: http://ledger\n"})
    export(root, "--in-place")
    files = {path: path.read_bytes() for path in root.glob("*/catalog-info.yaml")}
    plant(root, {"ledger/Chart.yaml": CONFLICT})

    checked, done = check(root), export(root, "--in-place")

    assert (checked.returncode, done.returncode) == (1, 1)
    assert "conflict marker" in checked.stdout
    assert "catalog-info.yaml files: 3 right; 1 other error" in checked.stdout
    assert "--in-place" not in checked.stdout
    assert {path: path.read_bytes() for path in root.glob("*/catalog-info.yaml")} == files


def test_a_name_once_given_stays_and_who_comes_later_gets_the_longer_one(tmp_path: Path, output: Path) -> None:
    root = services(tmp_path / "apps", "a/worker cart", **{"cart/values.yaml": "url: http://worker\n"})
    export(root, "--output", output)
    services(root, "b/worker")

    done = export(root, "--output", output, "--verbose")
    again = export(root, "--output", output, "--verbose")

    assert written(output).keys() == {"component:worker", "component:b-worker", "component:cart"}
    assert "description: The a/worker" in output.read_text()
    for run in (done, again):
        assert "b/worker/Chart.yaml: is called 'b-worker': the shorter name belongs to a/worker" in run.stdout
    shutil.rmtree(root / "a")
    export(root, "--output", output)
    assert written(output).keys() == {"component:b-worker", "component:cart"}, "and it isn't taken over"


def test_in_place_a_name_once_given_stays(tmp_path: Path) -> None:
    root = services(tmp_path / "apps", "a/worker cart")
    export(root, "--in-place")
    services(root, "b/worker")

    assert "catalog-info.yaml files: 2 right, 1 missing" in check(root).stdout
    export(root, "--in-place")

    assert written(root / "a/worker/catalog-info.yaml").keys() == {"component:worker"}
    assert written(root / "b/worker/catalog-info.yaml").keys() == {"component:b-worker"}
    assert check(root).returncode == 0


def test_a_catalog_of_few_entities_is_never_emptied(tmp_path: Path, output: Path) -> None:
    root = services(tmp_path / "apps", "billing cart")
    export(root, "--output", output)
    export(root, "--in-place")
    before = output.read_bytes()
    for name in ("billing", "cart"):
        (root / name / "Chart.yaml").unlink()
    plant(root, {"new/Chart.yaml": "name: new\ndescription: Quite another thing\nkeywords: [other]\n"})

    refused, in_place = export(root, "--output", output), export(root, "--in-place")

    assert (refused.returncode, in_place.returncode) == (4, 4)
    assert "2 of its 2 entities would vanish: component:billing, component:cart" in refused.stderr
    assert (output.read_bytes(), len(list(root.glob("*/catalog-info.yaml")))) == (before, 2)
    assert export(root, "--output", output, "--allow-deletions").returncode == 0
    assert written(output).keys() == {"component:new"}


def test_one_repository_that_lost_much_holds_back_no_other(tmp_path: Path, output: Path) -> None:
    apps = services(tmp_path / "apps", " ".join(f"app-{number}" for number in range(20)))
    shops = services(tmp_path / "shops", " ".join(f"shop-{number}" for number in range(10)))
    for root in (apps, shops):
        clone(root, f"https://github.com/acme/{root.name}", {})
    export(apps, shops, "--output", output)
    for number in range(6):
        shutil.rmtree(shops / f"shop-{number}")
    services(apps, "app-new")

    done = export(apps, shops, "--output", output)

    assert done.returncode == 4
    assert "Error: shops: 6 of its 10 entities would vanish" in done.stderr
    assert len(written(output)) == 31
    assert "component:app-new" in written(output)


def test_a_repository_that_is_no_longer_listed_keeps_its_entities(tmp_path: Path, output: Path) -> None:
    apps = services(tmp_path / "apps", " ".join(f"app-{number}" for number in range(20)))
    shops = services(tmp_path / "shops", "cart")
    for root in (apps, shops):
        clone(root, f"https://github.com/acme/{root.name}", {})
    export(apps, shops, "--output", output)

    done = export(apps, "--output", output)

    assert done.returncode == 4
    assert "https://github.com/acme/shops: the repository isn't listed any more, and 1 of its 1 entity" in done.stderr
    assert "component:cart" in written(output)
    assert export(apps, "--output", output, "--allow-deletions").returncode == 0
    assert "component:cart" not in written(output)


def test_an_emptied_codeowners_does_not_take_all_owners(tmp_path: Path, output: Path) -> None:
    root = services(tmp_path / "apps", "billing cart", CODEOWNERS="* @acme/payments\n")
    export(root, "--output", output)
    plant(root, {"CODEOWNERS": "", "cart/Chart.yaml": "name: cart\ndeprecated: true\n"})

    done = export(root, "--output", output)

    assert (done.returncode, "2 entities would lose their owners" in done.stderr) == (4, True)
    assert {spec["owner"] for spec in written(output).values()} == {"group:default/payments"}
    assert written(output)["component:cart"]["lifecycle"] == "deprecated"
    export(root, "--output", output, "--allow-deletions")
    assert {spec["owner"] for spec in written(output).values()} == {"unknown"}


def test_a_check_after_codeowners_is_gone_names_what_makes_it_right(tmp_path: Path) -> None:
    root = services(tmp_path / "apps", "a b c", CODEOWNERS="* @acme/shop\n")
    export(root, "--in-place")
    (root / "CODEOWNERS").unlink()

    checked = check(root)
    refused = export(root, "--in-place")
    allowed = export(root, "--in-place", "--allow-deletions")

    assert checked.returncode == 1
    assert "3 entities would lose their owners" in checked.stdout
    remedy = "run `scenedock catalog export --in-place --allow-deletions .` there and commit what it writes."
    assert f"Restore what named them, such as CODEOWNERS, or, if this is intended, {remedy}" in checked.stdout
    assert "export --in-place .`" not in checked.stdout
    assert (refused.returncode, (refused.stdout + refused.stderr).count("would lose their owners")) == (4, 1)
    assert (allowed.returncode, check(root).returncode) == (0, 0)


def test_a_check_where_nothing_is_committed_says_that_a_feed_needs_nothing(tmp_path: Path) -> None:
    checked = check(services(tmp_path / "apps", "a b c"))

    assert (checked.returncode, "catalog-info.yaml files: 3 missing" in checked.stdout) == (1, True)
    assert "Where Backstage reads the feed of `scenedock serve`" in checked.stdout


@contextmanager
def changing(root: Path) -> Iterator[None]:
    """A repository in which somebody writes all the time."""
    stopped = Event()

    def write() -> None:
        while not stopped.wait(0.05):
            (root / "notes.txt").write_text(str(time.monotonic()))

    thread = Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def test_where_something_would_vanish_a_second_look_must_find_the_same_files(tmp_path: Path, output: Path) -> None:
    root = services(tmp_path / "apps", "a b c d e f g h", **{"scenedock.yaml": "vanishing: {secondLook: 1}\n"})
    export(root, "--output", output)
    before = output.read_bytes()
    shutil.rmtree(root / "a")

    with changing(root):
        unsettled = export(root, "--output", output)
    assert (unsettled.returncode, output.read_bytes()) == (75, before)
    assert "component:a" in unsettled.stderr
    assert "its files are still changing" in unsettled.stderr

    settled = export(root, "--output", output, "--quiet")
    assert (settled.returncode, settled.stdout.endswith(" (1 removed)\n")) == (0, True)
    assert "Looking again in 1 s" in settled.stderr


def test_a_copy_in_progress_is_not_taken_for_the_truth(tmp_path: Path, output: Path) -> None:
    root = services(tmp_path / "apps", "a b c d e f g h", **{"scenedock.yaml": "vanishing: {secondLook: 1}\n"})
    export(root, "--output", output)
    before = output.read_bytes()
    (root / "a").rename(tmp_path / "a")

    def copy() -> None:
        time.sleep(0.7)
        (tmp_path / "a").rename(root / "a")

    copied = Thread(target=copy)
    copied.start()

    export(root, "--output", output)
    copied.join()

    assert output.read_bytes() == before


def test_what_git_has_committed_needs_no_second_look(tmp_path: Path, output: Path) -> None:
    root = services(tmp_path / "apps", "a b c d e f g h", **{"scenedock.yaml": ""})
    clone(root, "", {})
    export(root, "--ref", "main", "--output", output)
    git(root, "rm", "--quiet", "-r", "a")
    git(root, "-c", "user.name=J", "-c", "user.email=j@acme.test", "commit", "--quiet", "--message=Retire a")

    done = export(root, "--ref", "main", "--output", output)

    assert (done.returncode, "Looking again" in done.stderr, "component:a" in written(output)) == (0, False, False)


def test_what_a_person_called_otherwise_keeps_its_name_and_entities(tmp_path: Path, output: Path) -> None:
    theirs = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: invoices}\nspec: {owner: payments}\n"
    root = services(tmp_path / "apps", "billing cart", **{"billing/catalog-info.yaml": theirs})
    export(root, "--output", output)
    before = output.read_bytes()
    assert "component:invoices" in written(output)
    plant(root, {"billing/Chart.yaml": CONFLICT})

    assert export(root, "--output", output).returncode == 1
    assert output.read_bytes() == before
