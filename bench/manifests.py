"""Measure what the diff of a branch costs that touches ten of many Applications, beside the helm runs that it needs.

A row goes into docs/benchmarks.md. All CPU time is user and system time of the processes that are started. The command
runs as it is installed, with its modules compiled; both are run in turn, and what counts is the median.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
from pathlib import Path

from bench.feed import cpu_of, git
from bench.pages import write_part
from tests.scenarios.repositories import COMMAND, plant
from tests.tools.helm import helm

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
APPLICATIONS = 60
TOUCHED = 10
TIMES = 5
ENVIRONMENTS = ("qa", "production")
LIST = """\
{{- range $name, $_ := .Values.apps }}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: "{{ $name }}-{{ $.Values.environment }}"}
spec:
  destination: {namespace: "{{ $name }}", name: "{{ $.Values.environment }}"}
  source:
    repoURL: https://git.test/acme/apps
    path: apps/{{ $name }}
    helm: {valueFiles: [values.yaml, "values-{{ $.Values.environment }}.yaml"]}
{{- end }}
"""
WORKLOAD = """\
{{- range $number := until 8 }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ $.Release.Name }}-{{ $number }}", labels: {{ toJson $.Values.labels }}}
spec:
  selector: {matchLabels: {app: "{{ $.Release.Name }}"}}
  template:
    metadata: {labels: {app: "{{ $.Release.Name }}"}}
    spec:
      containers:
      - name: main
        image: "acme/{{ $.Chart.Name }}:{{ $.Values.tag }}"
        resources: {{ toYaml $.Values.resources | nindent 10 }}
{{- end }}
"""


def files() -> dict[str, str]:
    """The repository: an app of apps with an Application for each service in each environment."""
    names = [f"service-{number:02}" for number in range(APPLICATIONS // len(ENVIRONMENTS))]
    written = {
        "scenedock.yaml": "repository: https://git.test/acme/apps\n",
        "root/Chart.yaml": "apiVersion: v2\nname: root\nversion: 1.0.0\n",
        "root/templates/apps.yaml": LIST,
        "root/values.yaml": "apps:\n" + "".join(f"  {name}: {{}}\n" for name in names),
    }
    for name in names:
        written[f"apps/{name}/Chart.yaml"] = f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n"
        written[f"apps/{name}/templates/workload.yaml"] = WORKLOAD
        written[f"apps/{name}/values.yaml"] = "tag: 1.0.0\nlabels: {team: a}\nresources: {limits: {memory: 1Gi}}\n"
        written |= {f"apps/{name}/values-{each}.yaml": "tag: 1.0.1\n" for each in ENVIRONMENTS}
    return {**written, **{f"root/values-{each}.yaml": f"environment: {each}\n" for each in ENVIRONMENTS}}


def render(program: Path, root: Path, chart: str, environment: str) -> None:
    """Run helm itself."""
    values = f"--values={root}/{chart}/values-{environment}.yaml"
    command: list[str | Path] = [program, "template", "release", root / chart, "--include-crds", values]
    subprocess.run(command, check=True, capture_output=True)


def report() -> str:
    """The measurement as Markdown."""
    program = helm("4")
    with tempfile.TemporaryDirectory() as folder:
        root = plant(Path(folder) / "apps", files())
        git(root, "init", "--quiet", "--initial-branch=main")
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--message=First")
        touched = sorted(path for path in files() if path.endswith("values-qa.yaml") and "apps/" in path)[:TOUCHED]
        for path in touched:
            (root / path).write_text("tag: 1.0.2\n", encoding="utf-8")
        environment = {**os.environ, "SCENEDOCK_HELM": str(program), "PYTHONPYCACHEPREFIX": f"{folder}/compiled"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        command: list[str | Path] = [COMMAND, "manifests", "diff", root]
        runs = [("root", each) for each in ENVIRONMENTS] + [(str(Path(path).parent), "qa") for path in touched] * 2

        def all_runs() -> None:
            for chart, name in runs:
                render(program, root, chart, name)

        def one_diff() -> None:
            subprocess.run(command, check=True, capture_output=True, env=environment)

        one_diff()
        measured = [(cpu_of(one_diff), cpu_of(all_runs)) for _ in range(TIMES)]
        diff, alone = (statistics.median(each) for each in zip(*measured, strict=True))
        ratio = statistics.median(one / other for one, other in measured)
    what = (
        f"diff of a branch that touches {TOUCHED} of {APPLICATIONS} Applications, beside its {len(runs)} runs of helm"
    )
    row = f"| {what} | {diff:.2f} s | {alone:.2f} s | {ratio:.2f} | ≤ 1.3 |"
    return f"| measured | Scenedock | beside | ratio | wanted |\n| --- | --- | --- | --- | --- |\n{row}"


def main() -> None:
    """Measure, print, and write the page."""
    text = report()
    print(text)
    write_part(PAGE, "bench/manifests.py", text)


if __name__ == "__main__":
    main()
