"""What a repository lists as its environments, and which of its lists say where services run."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from scenedock.catalog.reading.enabling_lists import read_enabling_lists
from scenedock.catalog.reading.environment_lists import EnvironmentLists, find_unlisted, list_environments
from scenedock.catalog.reading.plan import Plan, plan_repository
from scenedock.catalog.vocabulary.environments import EnvironmentNames
from scenedock.catalog.vocabulary.settings import CatalogSettings
from scenedock.model.helm import HelmFolder, Listing

APPLICATION = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {0}\nspec:\n  path: apps/{0}\n"


def files_of(*names: str, **more: str) -> dict[str, str]:
    """Four services that have values files of some names, and an app of apps."""
    services = {
        f"apps/{service}/{file}": "a: 1\n"
        for service in ("anvil", "bellows", "chisel", "dowel")
        for file in ("Chart.yaml", *(f"values-{name}.yaml" for name in names))
    }
    return {**services, "root/Chart.yaml": "name: root\n", **{f"root/{path}": text for path, text in more.items()}}


def planned(files: Mapping[str, str]) -> Plan:
    return plan_repository("repo", Listing(tuple(sorted(files))), CatalogSettings())


def listed(files: Mapping[str, str], names: EnvironmentNames | None = None) -> EnvironmentLists:
    return list_environments(planned(files), names or EnvironmentNames(), lambda path: files[path].encode())


def enabled(files: Mapping[str, str]) -> tuple[set[tuple[str, str | None]], frozenset[str]]:
    folders = {path.path: HelmFolder(path.path) for path in planned(files).charts}
    folders["root"] = HelmFolder("root", kind_files={"Application": "templates/apps.yaml"})
    found = read_enabling_lists(planned(files).charts, folders, listed(files), lambda path: files[path].encode())
    return {(item.folder.rpartition("/")[2], item.environment) for item in found.items}, found.folders


def test_an_app_of_apps_lists_what_others_have_values_files_for() -> None:
    files = files_of("reef", **{"templates/a.yaml": APPLICATION, "values-reef.yaml": "", "values-mesa.yaml": ""})
    assert listed(files).names.listed == {"reef"}


@pytest.mark.parametrize("template", ["kind: Deployment\n", "# kind: Application\n", "kind: ApplicationList\n"])
def test_a_chart_of_something_else_lists_nothing(template: str) -> None:
    assert listed(files_of("reef", **{"templates/a.yaml": template, "values-reef.yaml": ""})).names.listed == set()


@pytest.mark.parametrize(
    ("chosen_by", "names"),
    [
        ("values-{{ .Values.site }}.yaml", {"reef"}),
        ("values-{{ .Values.area }}.yaml", {"north"}),
        ("values-{{ .Values.environment }}.yaml, values-{{ .Values.area }}.yaml", {"mesa"}),
        ("values-{{ .Values.site }}.yaml, values-{{ .Values.area }}.yaml", set()),
        ("values-{{ .Values.elsewhere }}.yaml", {"reef", "north", "mesa"}),
    ],
)
def test_the_dimension_counts_that_templates_choose_files_by(chosen_by: str, names: set[str]) -> None:
    root = {
        "templates/a.yaml": f"{APPLICATION}  valueFiles: [{chosen_by}]\n",
        "values-reef.yaml": "site: reef\n",
        "values-north.yaml": "area: north\n",
        "values-mesa.yaml": "environment: mesa\n",
    }
    assert listed(files_of("reef", "north", "mesa", **root)).names.listed == names


@pytest.mark.parametrize(
    ("value_files", "names"),
    [
        ("valueFiles: [values.yaml, values-reef.yaml, $values/x/values-mesa.yml]", {"atoll"}),
        (
            "valueFiles:\n# first\n- 'values-reef.yaml'\n\n- x/values-mesa.yaml # last\nelse:\n- values-atoll.yaml",
            {"atoll"},
        ),
        ("apps:\n- valueFiles:\n  - values-reef.yaml\n- valueFiles:\n  - values-mesa.yaml", {"reef", "mesa", "atoll"}),
        ("valueFiles: [values.yaml, values-common.yaml, values-reef.yaml]", {"reef", "mesa", "atoll"}),
        ("files: [values-reef.yaml, values-mesa.yaml]", {"reef", "mesa", "atoll"}),
    ],
)
@pytest.mark.parametrize("file", ["root/values-atoll.yaml", "root/templates/b.yaml", "argocd/reef.yaml"])
def test_names_that_stand_in_one_list_of_values_files_are_layers(file: str, value_files: str, names: set[str]) -> None:
    root = {
        "templates/a.yaml": APPLICATION,
        **{f"values-{name}.yaml": "" for name in ("reef", "mesa", "atoll", "acme-default")},
    }
    files = files_of("reef", "mesa", "atoll", "acme-default", **root) | {file: f"{value_files}\n"}
    assert listed(files).names.listed == names
    assert not listed(files).unlisted


def test_a_choice_in_a_template_is_no_list_of_layers() -> None:
    choice = "valueFiles:\n{{- if .Values.a }}\n- values-reef.yaml\n{{- else }}\n- values-mesa.yaml\n{{- end }}\n"
    root = {"templates/a.yaml": APPLICATION + choice, "values-reef.yaml": "", "values-mesa.yaml": ""}
    assert listed(files_of("reef", "mesa", **root)).names.listed == {"reef", "mesa"}


def test_a_helmfile_lists_the_environments_of_its_folder_and_below() -> None:
    files = files_of("reef", "dev", **{"values-dev.yaml": ""}) | {"apps/helmfile.yaml": "environments: {reef: {}}\n"}
    lists = listed(files)
    assert [lists.of(path).of_values_file("values-reef.yaml") for path in ("apps/anvil", "apps", "root")] == [
        "reef",
        "reef",
        None,
    ]
    assert [lists.of(path).of_values_file("values-dev.yaml") for path in ("apps/anvil", "root")] == [None, "dev"]


def test_settings_that_name_all_environments_leave_nothing_to_list() -> None:
    files = files_of("reef", **{"templates/a.yaml": APPLICATION, "values-reef.yaml": ""})
    names = EnvironmentNames(("mesa",), closed=True)
    assert listed(files, names) == EnvironmentLists(names)


def test_names_that_recur_are_a_note_unless_something_proves_them() -> None:
    files = files_of("reef", "images", "dev")
    (finding,) = find_unlisted("repo", planned(files), listed(files))
    assert finding.remedy == "If they are environments, set `environments: {known: [dev, reef]}` in scenedock.yaml."
    assert list(find_unlisted("repo", planned(files), listed(files), {"reef"})) == []


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ("apps: {anvil: true, bellows: true, chisel: false}", {"anvil", "bellows"}),
        ("a: {b: {anvil: {enabled: true}, bellows: {enabled: false}, chisel: {enabled: true}}}", {"anvil", "chisel"}),
        (
            "{anvil: true, bellows: true, chisel: true, dowel: true, elsewhere: true}",
            {"anvil", "bellows", "chisel", "dowel"},
        ),
        ("apps: {anvil: true, bellows: true}", set()),
        ("apps: {anvil: true, bellows: true, chisel: true, elsewhere: true}", set()),
        ("apps: {anvil: 1, bellows: 2, chisel: 3}", set()),
        ("a: {b: {c: {anvil: true, bellows: true, chisel: true}}}", set()),
    ],
)
def test_an_enabling_list_has_folders_as_keys_and_switches(values: str, names: set[str]) -> None:
    items, decided = enabled(files_of(**{"templates/a.yaml": "", "values-dev.yaml": values}))
    assert items == {(name, "dev") for name in names}
    assert decided == ({f"apps/{each}" for each in ("anvil", "bellows", "chisel", "dowel")} if names else set())


@pytest.mark.parametrize(
    ("template", "is_deployed"),
    [
        ("{0}", True),
        ("{{{{- if .Values.apps.chisel }}}}\n{0}{{{{- end }}}}\n", False),
        ('{{{{ if index .Values "apps" "anvil" }}}}\n{0}{{{{ end }}}}\n', True),
        ("{{{{ if .Values.apps.anvil }}}}\n{{{{ else }}}}\n{0}{{{{ end }}}}\n", False),
        ("{{{{ if and .Values.apps.anvil .Values.x }}}}\n{0}{{{{ end }}}}\n", False),
        ("{{{{ range .Values.list }}}}\n{0}{{{{ end }}}}\n", False),
        ("{{{{ if .Values.apps.chisel }}}}\nkind: Secret\n{{{{ end }}}}\n---\n{0}", True),
        ("{{{{ if .Values.apps.anvil }}}}\n{{{{ if .Values.apps.chisel }}}}\n{0}{{{{ end }}}}{{{{ end }}}}\n", False),
    ],
)
def test_the_conditions_of_a_template_count(template: str, *, is_deployed: bool) -> None:
    root = {
        "templates/dowel.yaml": template.format(APPLICATION.format("dowel")),
        "values-dev.yaml": "apps: {anvil: true, bellows: true, chisel: false}\n",
    }
    items, _ = enabled(files_of(**root))
    assert (("dowel", "dev") in items) == is_deployed


def test_a_condition_of_many_blanks_is_read_in_time_that_grows_with_its_length() -> None:
    condition = f"{{{{ if {' ' * 500_000}more }}}}\n"
    root = {
        "templates/dowel.yaml": f"{condition}{APPLICATION.format('dowel')}{{{{ end }}}}\n",
        "values-dev.yaml": "apps: {anvil: true, bellows: true, chisel: false}\n",
    }
    assert enabled(files_of(**root))[0] == {("anvil", "dev"), ("bellows", "dev")}
