"""What is wrong with a hand-written catalog-info.yaml: export, check and validate say the same of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scenedock.catalog.reading.entity_files import read_entities
from tests.scenarios import repositories
from tests.scenarios.repositories import clone, export, plant

CHART = "apiVersion: v2\nname: {}\nversion: 1.0.0\n"
HEAD = "apiVersion: backstage.io/v1alpha1\nkind: {}\nmetadata:\n  name: {}\n"
COMPONENT = f"{HEAD.format('Component', 'a')}spec:\n  type: service\n  lifecycle: production\n  owner: payments\n"


def repository(root: Path, written: str, **beside: str) -> Path:
    """One folder `a` with a chart and a hand-written file, and files beside it by their names without `.yaml`."""
    files = {f"a/{name}.yaml": text for name, text in beside.items()}
    return clone(root, files={"a/Chart.yaml": CHART.format("a"), "a/catalog-info.yaml": written, **files})


def scenedock(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return repositories.scenedock("catalog", *arguments, cwd=cwd)


@pytest.mark.parametrize(
    ("written", "line", "said"),
    [
        (f"{COMPONENT}  dependsOn: [billing]\n", 9, "spec.dependsOn[0]: 'billing' must name its kind"),
        (COMPONENT.replace("payments", '"group:default/"'), 8, "spec.owner: 'group:default/' is not a reference"),
        (f"{COMPONENT}  system: 'shop/'\n", 9, "spec.system: 'shop/' is not a reference"),
    ],
)
def test_a_reference_that_backstage_cannot_read_is_an_error_at_its_line_and_costs_no_entity(
    tmp_path: Path, written: str, line: int, said: str
) -> None:
    root, output = repository(tmp_path / "apps", written), tmp_path / "catalog.yaml"

    exported = export(root, "--output", output)
    checked = scenedock("check", root)
    validated = scenedock("validate", "a/catalog-info.yaml", cwd=root)

    assert [done.returncode for done in (exported, checked, validated)] == [1, 1, 1]
    for done in (exported, checked):
        assert f"error: apps:a/catalog-info.yaml:{line}: {said}" in done.stdout
    assert f"a/catalog-info.yaml:{line}: error: {said}" in validated.stdout
    (component,) = read_entities(output.read_bytes(), label="output")
    assert (component.name, component.spec["type"]) == ("a", "service")
    assert (component.spec.get("dependsOn", []), component.spec.get("system")) == ([], None)


API = f"{HEAD.format('API', 'a')}spec:\n  type: openapi\n  lifecycle: production\n  owner: payments\n"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            f"{API}  definition:\n    $yaml: ./openapi.yaml\n",
            "9: error: spec.definition: must be a string, but $yaml inserts an object or a list; write $text",
        ),
        (
            f"{API}  definition: {{$json: 'https://acme.test/openapi.json'}}\n",
            "9: error: spec.definition: must be a string, but $json inserts an object or a list; write $text",
        ),
        (
            API.replace("name: a", "name: a\n  description: {$yaml: openapi.yaml}") + "  definition: '{}'\n",
            "5: error: metadata.description: must be a string, but $yaml inserts an object or a list; write $text",
        ),
        (
            API.replace("name: a", "name: a\n  tags: {$text: openapi.yaml}") + "  definition: '{}'\n",
            "5: error: metadata.tags: must not be a string, but $text inserts one; write $yaml",
        ),
        (
            f"{API}  definition: {{$text: ./gone.yaml}}\n",
            "9: error: spec.definition: refers to './gone.yaml': a/gone.yaml: there is no such file; check the name",
        ),
    ],
)
def test_a_file_that_does_not_fit_where_it_is_inserted_is_refused_by_export_and_validate(
    tmp_path: Path, written: str, said: str
) -> None:
    root = repository(tmp_path / "apps", written, openapi="openapi: 3.0.0\npaths: {}\n")

    validated = scenedock("validate", "a/catalog-info.yaml", cwd=root)

    assert validated.returncode == 1
    assert f"a/catalog-info.yaml:{said}" in validated.stdout
    if "://" not in written:  # an export doesn't read it either
        exported = export(root, "--output", tmp_path / "catalog.yaml", "--verbose")
        assert exported.returncode == 1
        line, _, problem = said.partition(": error: ")
        # A file that isn't there has other words, and counts for the whole entity.
        assert ("gone" in said) or f"error: apps:a/catalog-info.yaml:{line}: {problem}" in exported.stdout


def test_files_below_the_folder_are_read_and_what_is_right_passes(tmp_path: Path) -> None:
    (tmp_path / "private.yaml").write_text("openapi: 3.0.0\n")
    spec = "  definition: {$text: ./openapi.yaml}\n"
    tags = API.replace("name: a", "name: b\n  tags: {$yaml: tags.yaml}").replace("openapi\n", "{$yaml: word.yaml}\n")
    more = f"{tags}  definition: {{$text: ../../private.yaml}}\n"
    root = repository(tmp_path / "apps", f"{API}{spec}---\n{more}", openapi="a: b\n", tags="[pci]\n", word="openapi\n")

    validated = scenedock("validate", "a/catalog-info.yaml", cwd=root)

    assert validated.returncode == 0
    assert validated.stdout.splitlines() == [
        "a/catalog-info.yaml:20: note: spec.definition: stands in '../../private.yaml', which was not read",
        "2 entities in 1 file: all valid, 1 note",
    ]


def test_in_one_file_only_the_first_of_one_reference_is_used_and_an_export_says_so(tmp_path: Path) -> None:
    second = COMPONENT.replace("name: a", "name: A").replace("service", "website")
    root, output = repository(tmp_path / "apps", f"{COMPONENT}---\n{second}"), tmp_path / "catalog.yaml"

    exported = export(root, "--output", output)

    said = "apps:a/catalog-info.yaml:10: component:default/a is already described by apps:a/catalog-info.yaml:1; "
    assert (exported.returncode, said in exported.stdout) == (1, True), exported.stdout
    (component,) = read_entities(output.read_bytes(), label="output")
    assert component.spec["type"] == "service"


def test_validate_warns_of_a_link_that_an_export_leaves_out(tmp_path: Path) -> None:
    links = '  links: [{url: "https://wiki.acme.test"}, {url: "javascript:alert(1)"}]'
    plant(tmp_path, {"a.yaml": COMPONENT.replace("name: a", f"name: a\n{links}")})

    validated = scenedock("validate", "a.yaml", cwd=tmp_path)

    assert validated.returncode == 0
    assert "a.yaml:5: warning: metadata.links[1].url: must be an address that begins with https:" in validated.stdout


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"two.yaml": f"{COMPONENT}---\n{COMPONENT.replace('name: a', 'name: A')}"},
            "two.yaml:13: warning: component:default/a is already described in two.yaml:4",
        ),
        (
            {"one.yaml": COMPONENT, "two.yaml": COMPONENT.replace("name: a", "name: a\n  namespace: Default".lower())},
            "two.yaml:4: warning: component:default/a is already described in one.yaml:4",
        ),
        (
            {"one.yaml": COMPONENT, "two.yaml": f"# Another kind\n{API}  definition: x\n---\n{COMPONENT}"},
            "two.yaml:15: warning: component:default/a is already described in one.yaml:4",
        ),
    ],
)
def test_two_entities_of_one_reference_are_told_with_both_places(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    plant(tmp_path, files)

    validated = scenedock("validate", *files, cwd=tmp_path)

    (warning,) = [line for line in validated.stdout.splitlines() if ": warning: " in line]
    assert warning == f"{said}; Backstage keeps only one of the two"


def test_the_table_names_a_component_that_is_not_called_like_its_folder(tmp_path: Path) -> None:
    root = repository(tmp_path / "apps", COMPONENT.replace("name: a", "name: Ledger\n  namespace: finance"))
    plant(root, {"b/Chart.yaml": CHART.format("b")})

    table = export(root, "--output", tmp_path / "catalog.yaml").stdout.splitlines()

    assert [line.split(maxsplit=4)[0::4] for line in table[1:3]] == [["a", "a (component:finance/ledger)"], ["b", "b"]]


PARTS = [
    f"{HEAD.format('Component', 'a')}spec:\n  owner: payments\n",
    f"{HEAD.format('Component', 'a')}spec:\n  type: website\n  lifecycle: experimental\n",
    f"{HEAD.format('Component', 'a')}  tags: [pci]\n",
]


@pytest.mark.parametrize("written", PARTS)
def test_a_file_that_backstage_would_refuse_alone_is_an_error_in_place_too_until_it_is_called_a_part(
    tmp_path: Path, written: str
) -> None:
    root = repository(tmp_path / "apps", written)
    commands = (
        ("export", "--in-place", "--verbose", root),
        ("check", "--verbose", root),
        ("validate", root / "a/catalog-info.yaml"),
    )

    done = [scenedock(*arguments) for arguments in commands]

    assert [each.returncode for each in done] == [1, 1, 1]
    for each in done[:2]:
        assert "error: apps:a/catalog-info.yaml:1: Backstage would refuse this file as it is: spec" in each.stdout
        assert "call it catalog-info.part.yaml" in each.stdout
    assert (root / "a/catalog-info.yaml").read_text() == written
    assert scenedock("export", root).returncode == 0  # one output has both, merged

    (root / "a/catalog-info.yaml").rename(root / "a/catalog-info.part.yaml")
    done = [scenedock(*arguments) for arguments in (*commands, ("validate", root / "a/catalog-info.part.yaml"))]

    assert [(each.returncode, each.stderr) for each in done] == [(0, "")] * 4
    (component,) = read_entities((root / "a/catalog-info.yaml").read_bytes(), label="written")
    assert component.document == read_entities(scenedock("export", root).stdout.encode(), label="output")[0].document


def test_a_part_says_what_is_wrong_with_it_as_any_entity_file(tmp_path: Path) -> None:
    plant(tmp_path, {"catalog-info.part.yaml": f"{HEAD.format('Component', 'a')}  tags: [Not A Tag]\n"})

    validated = scenedock("validate", "catalog-info.part.yaml", cwd=tmp_path)

    assert validated.returncode == 1
    assert "catalog-info.part.yaml:5: error: metadata.tags[0]: 'Not A Tag' must be" in validated.stdout
