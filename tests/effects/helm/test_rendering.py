"""Charts are rendered by the real Helm, of both majors, and reach nothing but themselves."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scenedock.effects.git.repositories import RepositoryFolder
from scenedock.effects.git.revisions import GitRevision
from scenedock.effects.helm import chart_files
from scenedock.effects.helm.chart_files import ChartSource
from scenedock.effects.helm.program import HelmProgram
from scenedock.effects.helm.rendering import Installation, render
from scenedock.effects.local.confinement import ProcessLimits
from scenedock.effects.local.launcher import NOT_CONFINED
from scenedock.errors import InputError, NotFoundError
from scenedock.model.json import JsonObject
from tests.scenarios.repositories import clone, plant
from tests.tools.helm import Version, helm

CHART = "apiVersion: v2\nname: billing\nversion: 1.0.0\n"
LIBRARY = "apiVersion: v2\nname: common\nversion: 2.1.0\ntype: library\n"
Files = Mapping[str, str | Path]


@dataclass(frozen=True, slots=True)
class Rendered:
    """Renders the folder `billing` of a repository with the given files."""

    program: HelmProgram
    root: Path

    def __call__(self, files: Files, *values: str | JsonObject) -> Sequence[Any]:
        texts = {path: text for path, text in files.items() if isinstance(text, str)}
        repository = plant(self.root / "apps", {"billing/Chart.yaml": CHART, **texts})
        for path, target in files.items():
            if isinstance(target, Path):
                (repository / path).parent.mkdir(parents=True, exist_ok=True)
                (repository / path).symlink_to(target)
        source = ChartSource(RepositoryFolder(repository))
        return render(self.program, source, Installation("billing", "ledger", "money", values))


@pytest.fixture(params=["3", "4"])
def version(request: pytest.FixtureRequest) -> Version:
    chosen: Version = request.param
    return chosen


@pytest.fixture
def rendered(version: Version, tmp_path: Path) -> Rendered:
    return Rendered(HelmProgram(str(helm(version))), tmp_path)


def template(text: str) -> dict[str, str]:
    return {"billing/templates/a.yaml": text}


def test_the_values_files_count_in_their_order_and_values_that_are_given_last(rendered: Rendered) -> None:
    files = {
        **template("a: {{ toJson .Values }}\nb: {{ .Release.Name }}/{{ .Release.Namespace }}\n---\n---\nkind: X\n"),
        "billing/values.yaml": "one: 1\ntwo: 1\nthree: 1\n",
        "billing/values-qa.yaml": "two: 2\nthree: 2\n",
        "environments/qa.yaml": "three: 3\n",
    }
    first, second = rendered(files, "billing/values-qa.yaml", "environments/qa.yaml", {"five": ["5"]})

    assert first == {"a": {"one": 1, "two": 2, "three": 3, "five": ["5"]}, "b": "ledger/money"}
    assert second == {"kind": "X"}


def test_the_path_of_a_values_file_may_have_what_helm_takes_for_something_else(rendered: Rendered) -> None:
    files = {**template("a: {{ .Values.a }}{{ .Values.b }}\n"), "x/50%,y.yaml": "a: 1\n", 'x/"z".yaml': "b: 2\n"}
    assert rendered(files, "x/50%,y.yaml", 'x/"z".yaml') == ({"a": 12},)
    with pytest.raises(InputError, match=r"x/50%\.yaml"):
        rendered({**files, "x/50%.yaml": "a: [\n"}, "x/50%.yaml")


def test_local_charts_are_brought_in_with_those_that_they_need(rendered: Rendered) -> None:
    dependency = "dependencies:\n- {{name: {}, version: '>=1', repository: 'file://../{}', alias: {}}}\n"
    files = {
        "billing/Chart.yaml": CHART + dependency.format("web", "web", "front"),
        "web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n" + dependency.format("common", "common", "x"),
        "web/templates/a.yaml": '{{ include "common.image" . }}\n',
        "common/Chart.yaml": LIBRARY,
        "common/templates/_image.tpl": '{{ define "common.image" }}image: {{ .Values.tag }}{{ end }}\n',
    }
    assert rendered(files, {"front": {"tag": "v7"}}) == ({"image": "v7"},)


def test_a_chart_that_is_in_the_folder_charts_is_taken_as_it_is_there(rendered: Rendered) -> None:
    files = {
        "billing/Chart.yaml": CHART + "dependencies: [{name: web, version: 1.x, repository: 'https://charts.test'}]\n",
        "billing/charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.2.0\n",
        "billing/charts/web/templates/a.yaml": "a: vendored\n",
    }
    assert rendered(files) == ({"a": "vendored"},)


def test_a_chart_from_elsewhere_is_named_and_not_fetched(rendered: Rendered) -> None:
    chart = CHART + "dependencies: [{name: redis, version: 17.x, repository: 'https://charts.test'}]\n"
    with pytest.raises(InputError, match="needs a network, or these charts in billing/charts: redis from https://ch"):
        rendered({"billing/Chart.yaml": chart})


@pytest.mark.parametrize("address", ["file://../../outside", "file:///etc", "file://../nowhere"])
def test_a_local_chart_that_the_repository_does_not_have_is_refused(rendered: Rendered, address: str) -> None:
    plant(rendered.root / "outside", {"Chart.yaml": LIBRARY})
    chart = f"{CHART}dependencies: [{{name: common, version: 2.x, repository: '{address}'}}]\n"
    with pytest.raises(InputError, match=r"billing/Chart.yaml: the repository has no chart common at file://"):
        rendered({"billing/Chart.yaml": chart})


def test_a_file_in_the_place_of_a_chart_is_the_reason(rendered: Rendered) -> None:
    chart = f"{CHART}dependencies: [{{name: common, version: 2.x, repository: 'file://../common'}}]\n"
    files = {"billing/Chart.yaml": chart, "billing/charts/common": "x", "common/Chart.yaml": LIBRARY}
    with pytest.raises(InputError, match=r"common/Chart.yaml: can't be copied: (Not a directory|File exists)"):
        rendered(files)


def test_the_name_of_a_release_is_no_option(version: Version, tmp_path: Path) -> None:
    source = ChartSource(RepositoryFolder(plant(tmp_path, {"billing/Chart.yaml": CHART, **template("a: 1\n")})))
    with pytest.raises(InputError, match=r"helm refuses it: .*--post-renderer"):
        render(HelmProgram(str(helm(version))), source, Installation("billing", "--post-renderer=/usr/bin/env"))


def test_a_commit_is_rendered_without_its_folder(version: Version, tmp_path: Path) -> None:
    files = {"billing/Chart.yaml": CHART, "billing/values.yaml": "tag: committed\n"}
    root = clone(tmp_path / "apps", files=files | template("a: {{ .Values.tag }}\n"))
    (root / "billing" / "values.yaml").write_text("tag: edited\n")

    with GitRevision(root, "HEAD") as revision:
        found = render(HelmProgram(str(helm(version))), ChartSource(revision), Installation("billing", "billing"))
    assert found == ({"a": "committed"},)


def test_what_helm_says_of_a_chart_is_the_reason(rendered: Rendered) -> None:
    with pytest.raises(InputError, match=r"helm refuses it: .*billing/templates/a.yaml:1:6.*: name a tag$"):
        rendered(template('a: {{ required "name a tag" .Values.tag }}\n'))


def test_a_values_file_that_is_encrypted_or_missing_is_the_reason(rendered: Rendered) -> None:
    encrypted = "password: ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]\nsops:\n    mac: ENC[x]\n    version: 3.9.0\n"
    with pytest.raises(InputError, match=r"billing/secrets.yaml: this file is encrypted"):
        rendered({**template("a: 1\n"), "billing/secrets.yaml": encrypted}, "billing/secrets.yaml")
    with pytest.raises(InputError, match=r"billing/nope.yaml: there is no such file"):
        rendered({}, "billing/nope.yaml")


def test_no_file_beside_the_chart_can_be_read(rendered: Rendered) -> None:
    secret = rendered.root / "secret.txt"
    secret.write_text("c4n4ry")
    places = ["/etc/passwd", "../../../secret.txt", "../../../../../../etc/passwd", str(secret)]
    reads = "".join(f'- {{{{ .Files.Get "{place}" | quote }}}}\n' for place in places)
    assert rendered(template(f"all:\n{reads}")) == ({"all": [""] * len(places)},)


@pytest.mark.parametrize("path", ["billing/templates/a.yaml", "billing/values.yaml", "billing/notes.txt"])
def test_a_link_that_leads_out_of_the_repository_is_refused(rendered: Rendered, path: str) -> None:
    with pytest.raises(InputError, match=f"{path}: this link leads out of the repository"):
        rendered({path: Path("/etc/passwd")})


def test_a_link_inside_the_repository_is_what_it_leads_to(rendered: Rendered) -> None:
    files: Files = {"shared/a.yaml": "a: shared\n", "billing/templates/a.yaml": Path("../../shared/a.yaml")}
    assert rendered(files) == ({"a": "shared"},)


def test_no_cluster_is_asked(rendered: Rendered) -> None:
    assert rendered(template('a: {{ lookup "v1" "Secret" "money" "" | toJson }}\n')) == ({"a": {}},)


def test_helm_has_none_of_our_environment(rendered: Rendered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELM_NAMESPACE", "c4n4ry")
    monkeypatch.setenv("HELM_PLUGINS", str(rendered.root))
    monkeypatch.setenv("HELM_KUBETOKEN", "c4n4ry")
    assert rendered(template("a: {{ .Release.Namespace }}\n")) == ({"a": "money"},)


def test_a_chart_that_wants_the_network_does_not_get_it(rendered: Rendered) -> None:
    asked = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            server.accept()[0].close()
            asked.set()

        threading.Thread(target=accept, daemon=True).start()
        schema = f'{{"$ref": "http://127.0.0.1:{server.getsockname()[1]}/x.json"}}'
        with pytest.raises(InputError, match="socket: permission denied"):
            rendered({**template("a: 1\n"), "billing/values.schema.json": schema}, {"a": 1})
        assert not asked.is_set()
        socket.create_connection(server.getsockname()).close()  # the thread ends
    assert asked.wait(30)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('a: {{ repeat 9000000 "x" }}\n', "prints more than 8 MiB"),
        ("{{ range until 2000000000 }}x{{ end }}\n", "needs more than 1536 MiB of memory"),
        ('{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}\n', "helm refuses it: .*rendering template"),
    ],
)
def test_what_is_too_much_is_ended(rendered: Rendered, text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        rendered(template(text))


def test_a_chart_that_takes_too_long_is_ended(version: Version, tmp_path: Path) -> None:
    loops = "{{ range until 30000 }}{{ range until 30000 }}{{ end }}{{ end }}\n"
    with pytest.raises(InputError, match=r"helm took longer than 0.5 s"):
        Rendered(HelmProgram(str(helm(version)), seconds=0.5), tmp_path)(template(loops))
    limits = ProcessLimits(memory_bytes=1536 << 20, cpu_seconds=1)
    with pytest.raises(InputError, match=r"ended by signal \d+; it may have 1 s of CPU"):
        Rendered(HelmProgram(str(helm(version)), limits=limits), tmp_path)(template(loops))


@pytest.mark.parametrize(("name", "most"), [("_MOST_FILES", 3), ("_MOST_BYTES", 1 << 20)])
def test_a_chart_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, most: int
) -> None:
    monkeypatch.setattr(chart_files, name, most)
    files = {f"billing/files/{number}.txt": "x" * 500_000 for number in range(4)}
    with pytest.raises(InputError, match=r"the chart has more than [\d,]+ files or \d+ MiB"):
        Rendered(HelmProgram(), tmp_path)(files)


def test_nothing_is_left_behind(rendered: Rendered, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = rendered.root / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    rendered(template("a: 1\n"))
    assert list(temporary.iterdir()) == []


def test_a_helm_that_can_be_used_is_accepted(version: Version) -> None:
    HelmProgram(str(helm(version))).check()


@pytest.mark.parametrize(
    ("prints", "said"),
    [
        ("v3.16.4", r"this is Helm v3.16.4; Helm 3.17 or newer, or 4, is needed.*SCENEDOCK_HELM"),
        ("v2.17.0", "this is Helm v2.17.0"),
        ("v5.0.0", "this is Helm v5.0.0"),
        ("hello", "this is no helm"),
    ],
)
def test_another_version_is_refused_with_what_to_do(tmp_path: Path, prints: str, said: str) -> None:
    program = tmp_path / "helm"
    program.write_text(f"#!/usr/bin/env -S echo {prints}\n")
    program.chmod(0o755)
    with pytest.raises(InputError, match=said):
        HelmProgram(str(program)).check()


def test_without_helm_it_is_said_how_to_have_one(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"install Helm 3.17 or newer, or 4, or set SCENEDOCK_HELM"):
        HelmProgram(str(tmp_path / "helm")).check()


def test_where_a_process_can_not_be_confined_helm_is_not_started(tmp_path: Path) -> None:
    program = """
import sys
from scenedock.effects.local import confinement, launcher

confinement._MACHINES = {}
launch = launcher.Launch("/bin/true", (), ".", ".", (), "", "", 1, confinement.ProcessLimits())
sys.exit(launcher.become(launch))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == NOT_CONFINED


def test_a_link_to_a_folder_of_templates_is_followed(rendered: Rendered) -> None:
    template = "kind: ConfigMap\nmetadata: {name: '{{ .Values.name }}'}\n"
    files: Files = {"shared/map.yaml": template, "billing/templates": Path("../shared")}
    (manifest,) = rendered(files, {"name": "linked"})
    assert manifest["metadata"]["name"] == "linked"


def test_a_link_to_a_folder_with_further_links_is_refused(rendered: Rendered) -> None:
    files: Files = {"shared/map.yaml": "{}", "shared/more": Path("../billing"), "billing/templates": Path("../shared")}
    with pytest.raises(InputError, match="billing/templates: this link leads to a folder with further links"):
        rendered(files)
