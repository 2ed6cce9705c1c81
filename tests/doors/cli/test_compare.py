"""Before the first registration: what an existing catalog has against what we would emit."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from scenedock.doors.cli import main
from tests.tools.backstage_catalog import FakeBackstage, serve

EXAMPLE = Path(__file__).parents[3] / "tests" / "changes" / "acme-apps"
KEY = "of the catalog"
LOCATION = "url:https://github.com/acme/old/blob/main/catalog-info.yaml"


def run(*arguments: str | Path, token: str = "") -> Result:
    environment = {"SCENEDOCK_BACKSTAGE_TOKEN": token} if token else {}
    done = CliRunner().invoke(main, ["catalog", "compare", *map(str, arguments)], env=environment)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done


def as_backstage_keeps_it(entity: dict[str, Any]) -> dict[str, Any]:
    """An entity as the catalog answers with it: stitched, with ids, relations, and where it came from."""
    kept = deepcopy(entity)
    kept["metadata"] |= {"namespace": "default", "uid": "7f0e", "etag": "b5a1"}
    kept["metadata"]["annotations"] |= {
        "backstage.io/managed-by-location": LOCATION,
        "backstage.io/managed-by-origin-location": LOCATION,
        "backstage.io/view-url": "https://elsewhere.example",
    }
    kept["relations"] = [{"type": "ownedBy", "targetRef": "group:default/platform"}]
    return kept


@pytest.fixture
def existing() -> list[dict[str, Any]]:
    """The catalog that Backstage has when all of ours is registered."""
    done = CliRunner().invoke(main, ["catalog", "export", str(EXAMPLE)])
    return [as_backstage_keeps_it(entity) for entity in yaml.safe_load_all(done.stdout)]


@pytest.fixture
def changed(existing: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One entity differs, one is missing, two are of others; references are written in another way."""
    by_name = {(entity["kind"], entity["metadata"]["name"]): entity for entity in existing}
    billing = by_name["Component", "billing"]
    billing["spec"] |= {"owner": "storefront", "lifecycle": "experimental"}
    billing["metadata"]["tags"] = ["old", "pci"]
    search = by_name["Component", "search"]
    search["spec"] |= {"owner": "Group:storefront", "dependsOn": list(reversed(search["spec"]["dependsOn"]))}
    existing.remove(by_name["Component", "redis"])
    others = [
        {"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": {"name": "legacy"}, "spec": {}}
        for kind in ("Component", "User")
    ]
    return [*existing, *others]


def write(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def test_what_backstage_adds_is_no_difference(existing: list[dict[str, Any]], tmp_path: Path) -> None:
    answer = write(tmp_path / "answer.json", {"items": existing, "totalItems": len(existing), "pageInfo": {}})

    done = run(EXAMPLE, "--entities", answer, "--format", "json")

    told = json.loads(done.stdout)
    assert (done.exit_code, len(told["same"])) == (0, len(existing))
    assert (told["differs"], told["onlyThere"], told["onlyHere"]) == ([], [], [])
    assert told["origins"] == {LOCATION: len(existing)}


def test_each_difference_is_told_field_by_field_with_what_to_do(changed: list[dict[str, Any]], tmp_path: Path) -> None:
    done = run(EXAMPLE, "--entities", write(tmp_path / "entities.json", changed))

    assert done.exit_code == 0
    assert (
        done.stdout
        == f"""\
same: 8 (the export can replace them)
differ: 1 (catalog → export; to keep what the catalog has, set it in `overrides` of scenedock.yaml)
  component:billing
      metadata.tags: -old +payments
      spec.lifecycle: experimental → production
      spec.owner: group:default/storefront → group:default/payments
only there: 1 (no folder of these repositories describes them; they stay registered as they are)
  component:legacy
only there, of kinds that the export has none of: 1 (1 User; they stay, too)
only here: 1 (new to the catalog)
  component:redis
Unregister these locations when you register ours: Backstage refuses a second location for an entity
(or keep them, and leave out their folders: `handWritten: leave-out`, `folders.exclude`):
  {LOCATION} (9)
"""
    )


def test_what_would_vanish_with_a_location_is_told_before_it_is_unregistered(
    existing: list[dict[str, Any]], tmp_path: Path
) -> None:
    others = [
        as_backstage_keeps_it(
            {
                "apiVersion": "backstage.io/v1alpha1",
                "kind": kind,
                "metadata": {"name": "by-hand", "annotations": {}},
                "spec": {},
            }
        )
        for kind in ("Component", "Group")
    ]
    entities = write(tmp_path / "entities.json", [*existing, *others])

    said = run(EXAMPLE, "--entities", entities).stdout
    told = json.loads(run(EXAMPLE, "--entities", entities, "--format", "json").stdout)

    assert f"  {LOCATION} ({len(existing)}), with 2 that only it has and that vanish with it\n" in said
    assert "Keep a location that has such entities, or register them elsewhere first.\n" in said
    assert (told["onlyThereByOrigin"], told["onlyThereByKind"]) == ({LOCATION: 2}, {"Group": 1})


def test_a_running_backstage_tells_the_same_as_a_file(changed: list[dict[str, Any]], tmp_path: Path) -> None:
    of_file = run(EXAMPLE, "--entities", write(tmp_path / "entities.json", changed)).stdout

    with serve(FakeBackstage(entities=changed, token=KEY)) as backstage:
        assert run(EXAMPLE, "--backstage", f"{backstage.url}/", token=KEY).stdout == of_file
        refused = run(EXAMPLE, "--backstage", backstage.url)

    assert (refused.exit_code, "requires a valid token" in refused.stderr) == (3, True)


def test_long_lists_are_cut_unless_all_is_asked_for(tmp_path: Path) -> None:
    others = [{"kind": "Component", "metadata": {"name": f"other-{number:02}"}} for number in range(30)]
    entities = write(tmp_path / "entities.json", others)

    assert "\n  and 10 more; --verbose prints all\n" in run(EXAMPLE, "--entities", entities).stdout
    assert "\n  component:other-29\n" in run(EXAMPLE, "--entities", entities, "--verbose").stdout


@pytest.mark.parametrize("options", [(), ("--backstage", "http://localhost:1", "--entities", "file")])
def test_exactly_one_existing_catalog_has_to_be_named(options: tuple[str, ...]) -> None:
    done = run(EXAMPLE, *options)

    assert (done.exit_code, "either --backstage or --entities" in done.stderr) == (2, True)


def test_a_kind_counts_as_one_however_it_is_spelled(tmp_path: Path) -> None:
    others = [{"kind": kind, "metadata": {"name": f"a-{number}"}} for number, kind in enumerate(("User", "user"))]

    done = run(EXAMPLE, "--entities", write(tmp_path / "entities.json", others))

    assert "of kinds that the export has none of: 2 (2 User; they stay, too)" in done.stdout


@pytest.mark.parametrize("text", ["a: [", "- 1", '{"items": [1]}', '{"kind": "Component"}'])
def test_a_file_without_entities_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "entities.yaml").write_text(text)

    done = run(EXAMPLE, "--entities", tmp_path / "entities.yaml")

    assert (done.exit_code, "entities.yaml:" in done.stderr) == (2, True)
