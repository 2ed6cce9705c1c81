"""`scenedock deployments lint` on small repositories, with the real Helm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

from click.testing import CliRunner, Result

from scenedock.doors.cli import main
from scenedock.linting.rules import RULES
from tests.scenarios.repositories import plant
from tests.tools.helm import helm

OWNERS = {".github/CODEOWNERS": "* @acme/payments\n"}
WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: "acme/web:{{ .Values.image.tag }}"
          ports: [{containerPort: 80}]
          resources: {{ toJson .Values.resources }}
          {{- with .Values.probe }}
          readinessProbe: {{ toJson . }}
          {{- end }}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}}
"""
FINE = """\
image: {repository: acme/web, tag: 1.2.3}
resources: {limits: {memory: 1Gi}}
probe: {httpGet: {path: /ready, port: 80}}
"""


def chart(folder: str, values: str = FINE, **environments: str) -> dict[str, str]:
    return {
        f"{folder}/Chart.yaml": f"apiVersion: v2\nname: {folder}\nversion: 1.0.0\n",
        f"{folder}/values.yaml": values,
        f"{folder}/templates/web.yaml": WORKLOAD,
        **{f"{folder}/values-{name}.yaml": text for name, text in environments.items()},
    }


def lint(root: Path, *options: str) -> Result:
    program = ["--helm", str(helm("4"))] if "--no-render" not in options else []
    arguments = ["deployments", "lint", str(root), *program, *options]
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def lines(tmp_path: Path, files: Mapping[str, str], *options: str) -> list[str]:
    done = lint(plant(tmp_path / "apps", {**OWNERS, **files}), *options)
    return done.stdout.splitlines()


def test_a_good_deployment_has_no_findings(tmp_path: Path) -> None:
    assert lines(tmp_path, chart("web")) == ["All right: 1 deployment: nothing found"]


def test_each_rule_names_the_place(tmp_path: Path) -> None:
    values = "image: {repository: acme/web, tag: latest}\nresources: {}\nsmtp:\n  password: hunter42\n"
    done = lint(plant(tmp_path / "apps", chart("web", values)))
    assert done.exit_code == 1
    assert done.stdout == (
        "error: apps:web/values.yaml:4: smtp.password is a password, in plain text: everybody who can read the "
        "repository has it (secret-in-values)\n"
        "warning: apps:web/values.yaml: web: container web of Deployment web has no memory limit: it can take the "
        "memory of its whole node (limits-missing)\n"
        "warning: apps:web/values.yaml:1: web has 'latest', which moves: nobody can tell which version it is "
        "(mutable-version)\n"
        "warning: apps:web/Chart.yaml: component:web has no owner (owner-unknown)\n"
        "warning: apps:web/values.yaml: web: container web of Deployment web has no readiness probe: a Service sends "
        "requests to it before it can answer (probes-missing)\n"
        "Failed: 1 deployment: 1 error, 4 warnings\n"
    )


def test_what_an_environment_lacks_names_the_environment(tmp_path: Path) -> None:
    files = chart(
        "web", qa="resources: {limits: {memory: null}}\n", production="probe: {httpGet: {path: /, port: 80}}\n"
    )
    (limits, _) = lines(tmp_path, files)
    assert limits.startswith(
        "warning: apps:web/values-qa.yaml: web (qa): container web of Deployment web has no memory"
    )


def test_without_rendering_nobody_guesses(tmp_path: Path) -> None:
    assert lines(tmp_path, chart("web", "image: {repository: acme/web, tag: 1.2.3}\n"), "--no-render") == [
        "limits and probes of 1 not checked: nothing was rendered",
        "Not all was looked at: 1 deployment: nothing found, but limits and probes of 1 weren't looked at",
    ]


def test_lines_that_folders_have_copied_name_all_places(tmp_path: Path) -> None:
    block = "".join(f"# about it\nkey{number}: [{number}]\n" for number in range(25))
    files = {**chart("web", f"{FINE}{block}"), **chart("api", f"{block}{FINE}"), **chart("own", FINE)}
    (copied, _) = lines(tmp_path, files)
    assert copied == (
        "info: apps:api/values.yaml:2: 25 lines are the same in 2 files: api/values.yaml:2-50 and web/values.yaml:5-53 "
        "(values-copied)"
    )


def test_a_link_is_no_copy(tmp_path: Path) -> None:
    block = "".join(f"key{number}: [{number}]\n" for number in range(25))
    root = plant(tmp_path / "apps", {**OWNERS, **chart("web", FINE + block), **chart("api")})
    (root / "api" / "values.yaml").unlink()
    (root / "api" / "values.yaml").symlink_to("../web/values.yaml")
    assert lint(root).stdout.splitlines() == ["All right: 2 deployments: nothing found"]


def test_a_repository_switches_rules_off(tmp_path: Path) -> None:
    files = chart("web", "image: {repository: acme/web, tag: latest}\nresources: {}\n")
    off = {"scenedock.yaml": "lint: {limits-missing: false, mutable-version: false, probes-missing: false}\n"}
    assert lines(tmp_path, {**files, **off}) == ["All right: 1 deployment: nothing found"]


def test_only_strict_fails_on_warnings(tmp_path: Path) -> None:
    root = plant(tmp_path / "apps", {**OWNERS, **chart("web", "image: {repository: acme/web, tag: latest}\n")})
    assert [lint(root, "--no-render", *options).exit_code for options in ((), ("--strict",))] == [0, 1]


def test_programs_get_the_same_findings_and_never_a_value(tmp_path: Path) -> None:
    values = "image: {repository: acme/web, tag: latest}\npassword: hunter42\n"
    root = plant(tmp_path / "apps", {**OWNERS, **chart("web", values)})
    printed = {name: lint(root, "--format", name, "--no-render").stdout for name in ("json", "sarif", "junit")}

    document = json.loads(printed["json"])
    assert [(each["code"], each["path"], each["line"]) for each in document["findings"]] == [
        ("secret-in-values", "web/values.yaml", 2),
        ("mutable-version", "web/values.yaml", 1),
    ]
    assert document["notChecked"] == [{"reason": "nothing was rendered", "deployments": 1}]
    results = json.loads(printed["sarif"])["runs"][0]["results"]
    assert [(each["ruleId"], each["level"]) for each in results] == [
        ("secret-in-values", "error"),
        ("mutable-version", "warning"),
    ]
    suites = {each.attrib["name"]: each for each in ET.fromstring(printed["junit"])}  # noqa: S314 - our own
    assert len(suites) == 9
    assert {name for name, each in suites.items() if each.find("testcase/failure") is not None} == {"secret-in-values"}
    assert "latest" in (suites["mutable-version"].findtext("testcase/system-out") or "")
    assert [name for name, text in printed.items() if "hunter42" in text] == []


def test_every_rule_can_be_switched_off(tmp_path: Path) -> None:
    root = plant(
        tmp_path / "apps", {**chart("web"), "scenedock.yaml": f"lint: {json.dumps(dict.fromkeys(RULES, False))}\n"}
    )
    assert lint(root, "--no-render").exit_code == 0
    (root / "scenedock.yaml").write_text("lint: {limits: false}\n", encoding="utf-8")
    refused = lint(root, "--no-render")
    assert (refused.exit_code, all(rule in refused.stderr for rule in RULES)) == (2, True)
