"""The service's own chart: what it renders is valid, says no to what can't work, and runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import urllib3
import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from scenedock.runtime.settings import describe_settings
from tests.skeletons.shipped.custom_resources import judge_custom_resources
from tests.skeletons.shipped.gitops import HELMS, Manifest, is_custom, parse, validate_kubernetes
from tests.skeletons.shipped.world import attempt, run
from tests.tools.authority import Authority
from tests.tools.helm import helm, run_helm
from tests.tools.postgres import running_postgres
from tests.tools.promtool import promtool
from tests.tools.server import Server, free_port
from tests.tools.service import EXAMPLE

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "chart"
HERE = Path(__file__).parent
SCALED = HERE / "scaled.yaml"
IMAGE = "image.repository=registry.example.com/scenedock"
SET_BY_THE_CHART = {"cookiecutters", "data", "folders_listen", "listen", "worker_listen"}
AUTHORITY = Authority.make()
FILES = {
    "config": {"rules.yaml": "rules: []\n"},
    "secrets": {"code-hosts.yaml": "hosts: []\n"},
    "authority": {"ca.crt": AUTHORITY.certificate},
}
READ = "prometheus-0123456789abcdef"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart as `scripts/chart` packages it for a release."""
    folder = tmp_path_factory.mktemp("chart")
    (folder / "bin").mkdir()
    (folder / "bin" / "helm").symlink_to(helm("4"))
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
    subprocess.run([ROOT / "scripts" / "chart", folder], check=True, env={**os.environ, "PATH": path})
    (made,) = folder.glob("scenedock-*.tgz")
    return made


def rendered(package: Path, *options: str | Path, version: str = "4") -> list[Manifest]:
    major = next(each for each in HELMS if each == version)
    return parse(run_helm(major, "template", "scenedock", package, "--namespace", "tools", *options))


@pytest.fixture(scope="module")
def scaled(package: Path) -> list[Manifest]:
    return rendered(package, "--values", SCALED)


@pytest.mark.parametrize("version", HELMS)
@pytest.mark.parametrize("options", [("--set", IMAGE), ("--values", SCALED)], ids=["embedded", "scaled"])
def test_both_helms_render_what_kubernetes_accepts(package: Path, version: str, options: tuple[str, Path]) -> None:
    manifests = rendered(package, *options, version=version)

    validate_kubernetes([each for each in manifests if not is_custom(each)])
    assert not any(judge_custom_resources([each for each in manifests if is_custom(each)]))


@pytest.mark.parametrize("version", HELMS)
def test_helm_finds_nothing_to_say(package: Path, version: str) -> None:
    major = next(each for each in HELMS if each == version)

    assert "1 chart(s) linted, 0 chart(s) failed" in run_helm(major, "lint", "--strict", package, "--values", SCALED)


def test_embedded_is_one_pod_with_a_volume(package: Path) -> None:
    manifests = rendered(package, "--set", IMAGE)

    assert [each["kind"] for each in manifests] == [
        "Deployment",
        "NetworkPolicy",
        "PersistentVolumeClaim",
        "PodDisruptionBudget",
        "Service",
        "ServiceAccount",
    ]
    assert manifests[0]["spec"]["replicas"] == 1
    assert manifests[0]["spec"]["strategy"] == {"type": "Recreate"}
    assert container(manifests[0])["image"] == "registry.example.com/scenedock:0.2.0"


def test_scaled_has_web_pods_workers_and_a_migration_before_an_upgrade(scaled: list[Manifest]) -> None:
    deployments = {each["metadata"]["name"]: each for each in scaled if each["kind"] == "Deployment"}
    (job,) = (each for each in scaled if each["kind"] == "Job")

    assert {name: container(each)["args"] for name, each in deployments.items()} == {
        "scenedock": ["serve", "--web-only"],
        "scenedock-worker": ["worker"],
    }
    assert [each["spec"]["replicas"] for each in deployments.values()] == [2, 2]
    assert job["spec"]["template"]["spec"]["containers"][0]["args"] == ["migrate"]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "post-install,pre-upgrade"
    for each in deployments.values():
        assert container(each)["envFrom"] == [{"secretRef": {"name": "scenedock"}}]
        assert environment(each)["SCENEDOCK_REPOSITORIES"] == (
            "https://github.com/acme/apps,https://github.com/acme/shops#release"
        )
        assert environment(each)["SCENEDOCK_MAX_BODY_BYTES"] == "8388608"
        assert environment(each)["SCENEDOCK_FOLDERS_URL"] == "http://scenedock.tools:8001"
        assert {mount["mountPath"] for mount in container(each)["volumeMounts"]} >= {"/config", "/secrets", "/data"}


def test_all_pods_get_the_authority_of_the_company(package: Path, scaled: list[Manifest]) -> None:
    pods = [each["spec"]["template"]["spec"] for each in scaled if each["kind"] == "Deployment"]
    (job,) = (each["spec"]["jobTemplate"]["spec"]["template"]["spec"] for each in scaled if each["kind"] == "CronJob")

    mount = {"name": "authority", "mountPath": "/authority", "readOnly": True}
    for pod in (*pods, job):
        (volume,) = (each for each in pod["volumes"] if each["name"] == "authority")
        assert volume["configMap"] == {"name": "company-ca", "items": [{"key": "company.pem", "path": "ca.crt"}]}
        container = pod["containers"][0]
        assert {"name": "SCENEDOCK_CA_FILE", "value": "/authority/ca.crt"} in container["env"]
        assert mount in container["volumeMounts"]
    (migrate,) = (each["spec"]["template"]["spec"]["containers"][0] for each in scaled if each["kind"] == "Job")
    assert {"name": "SCENEDOCK_CA_FILE", "value": ""} in migrate["env"]
    clone = job["initContainers"][0]
    assert mount in clone["volumeMounts"]
    assert {"name": "NO_PROXY", "value": ".svc"} in clone["env"]
    assert "HTTPS_PROXY" in {each["name"] for each in clone["env"] if "valueFrom" in each}
    assert {"name": "GIT_SSL_CAINFO", "value": "/tmp/authorities.crt"} in clone["env"]  # noqa: S108 - the pod's own
    secret = rendered(package, "--set", IMAGE, "--set", "certificateAuthority.secret=company-ca")
    assert {"secretName": "company-ca", "items": [{"key": "ca.crt", "path": "ca.crt"}]} in [
        each.get("secret") for each in secret[0]["spec"]["template"]["spec"]["volumes"]
    ]


def test_ports_and_numbers_are_what_the_service_reads(package: Path, tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    values.write_text(
        "web: {port: 9000, name: "
        + "s" * 52
        + "}\nenv: {SCENEDOCK_THREADS: 2000000}\nexport: {enabled: true, repository: https://example.com/a}\n",
        encoding="utf-8",
    )
    manifests = rendered(package, "--set", IMAGE, "--values", values)
    (deployment,) = (each for each in manifests if each["kind"] == "Deployment")
    (job,) = (each for each in manifests if each["kind"] == "CronJob")

    assert environment(deployment)["SCENEDOCK_LISTEN"] == "0.0.0.0:9000"
    assert environment(deployment)["SCENEDOCK_THREADS"] == "2000000"
    assert len(job["metadata"]["name"]) <= 52


def test_a_cron_job_exports_to_a_pull_request_or_to_a_volume(package: Path, scaled: list[Manifest]) -> None:
    (proposing,) = (each for each in scaled if each["kind"] == "CronJob")
    volume = {"enabled": True, "repository": "https://example.com/a.git", "to": "volume", "claim": "catalog"}
    manifests = rendered(package, "--set", IMAGE, "--set-json", f"export={json.dumps(volume)}")
    (writing,) = (each for each in manifests if each["kind"] == "CronJob")

    def arguments(job: Manifest) -> list[str]:
        pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        return list(pod["containers"][0]["args"])

    assert arguments(proposing) == ["catalog", "export", "--in-place", "--propose", "/clone/repository"]
    assert arguments(writing) == ["catalog", "export", "--output=/catalog/catalog-info.yaml", "/clone/repository"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("web.replicas=2", "mode: embedded is one pod: set web.replicas to 1 and web.autoscaling.enabled to false"),
        ("web.autoscaling.enabled=true", "mode: embedded is one pod"),
        ("web.strategy.type=RollingUpdate", "mode: embedded has one volume for one pod"),
        ("web.serviceMonitor.enabled=true", "use metrics.serviceMonitor"),
        ("mode=scaled,env.SCENEDOCK_DATABASE_URL=x", "SCENEDOCK_SEAL_KEY is not in env"),
        ("mode=scaled,existingSecret=x,worker.name=scenedock", "web.name and worker.name are the same"),
        ("mode=scaled", "SCENEDOCK_DATABASE_URL, SCENEDOCK_SEAL_KEY and SCENEDOCK_SIGNING_KEY in existingSecret"),
        ("mode=large", "value must be one of 'embedded', 'scaled'"),
        ("settings.refresh=1", "invalid propertyName 'refresh'"),
        ("settings.seal_key=x", "invalid propertyName 'seal_key'"),
        ("image.tag=latest", "/image/tag"),
        ("image.repository=", "workload.image.repository is missing"),
        ("certificateAuthority.configMap=a,certificateAuthority.secret=b", "certificateAuthority is in one place"),
        ("certificateAuthority.configMap=a,settings.ca_file=/config/a", "remove it from settings"),
        ("export.enabled=true", "export.repository is missing"),
        ("export.repository=https://me:secret@example.com/a", "/export/repository"),
        ("metrics.serviceMonitor.enabled=true", "/metrics needs a token of scope read"),
        ("web.resources.limits.memory=banana", "/resources/limits/memory"),
        ("web.replica=2", "additional properties 'replica' not allowed"),
        ("webb.replicas=2", "additional properties 'webb' not allowed"),
    ],
)
def test_what_cannot_work_is_refused(package: Path, wrong: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        rendered(package, "--set", IMAGE, "--set", wrong)


def test_the_schema_knows_each_setting_that_is_no_secret() -> None:
    schema = json.loads((CHART / "values.schema.json").read_bytes())

    assert schema["properties"]["settings"]["propertyNames"]["enum"] == sorted(
        name for name, each in describe_settings().items() if not each.secret and name not in SET_BY_THE_CHART
    )


def container(deployment: Manifest) -> dict[str, Any]:
    found: dict[str, Any] = deployment["spec"]["template"]["spec"]["containers"][0]
    return found


def environment(deployment: Manifest) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container(deployment)["env"] if "value" in each}


class Pods:
    """Runs what manifests say as processes here: their arguments, their environment, their folders, their probes."""

    def __init__(self, folder: Path, secret: Mapping[str, str]) -> None:
        self.folder = folder
        self.secret = secret
        self.ended = ExitStack()

    def environment(self, deployment: Manifest) -> dict[str, str]:
        """That of a pod, with free ports, and with folders here; the repositories are the example."""
        here = environment(deployment) | {"SCENEDOCK_REPOSITORIES": str(EXAMPLE), **self.secret}
        here["SCENEDOCK_DATA"] = str(self.folder / "data")
        for name, value in here.items():
            here[name] = re.sub(r"^/(config|secrets|authority)/", f"{self.folder}/\\1/", value)
            if name.endswith("_LISTEN"):
                here[name] = f"127.0.0.1:{free_port()}"
        return here

    def start(self, deployment: Manifest) -> str:
        """Start a pod and wait until its readiness probe succeeds; the address at which it answers."""
        here = self.environment(deployment)
        command = container(deployment)
        port = here.get("SCENEDOCK_WORKER_LISTEN") or here["SCENEDOCK_LISTEN"]
        ready = f"http://{port}{command['readinessProbe']['httpGet']['path']}"
        program = str(Path(sys.executable).with_name("scenedock"))
        log = self.folder / f"{command['name']}.log"
        server = Server([program, *command["args"]], here, self.folder, ready, log)
        server.start()
        self.ended.callback(server.stop)
        alive = urllib3.request("GET", f"http://{port}{command['livenessProbe']['httpGet']['path']}", retries=False)
        assert alive.status == 200
        return f"http://{port}"


@pytest.fixture
def pods(tmp_path: Path) -> Iterator[Pods]:
    for name, files in FILES.items():
        (tmp_path / name).mkdir()
        for file, text in files.items():
            (tmp_path / name / file).write_text(text, encoding="utf-8")
    tokens = tmp_path / "tokens.yaml"
    tokens.write_text(f"tokens: [{{name: prometheus, token: {READ}, scope: read}}]\n", encoding="utf-8")
    made = Pods(tmp_path, {"SCENEDOCK_TOKENS_FILE": str(tokens)})
    with made.ended:
        yield made


def metrics(address: str) -> str:
    headers = {"Authorization": f"Bearer {READ}"}
    return urllib3.request("GET", f"{address}/metrics", headers=headers, retries=False).data.decode()


def test_embedded_serves_the_catalog(package: Path, pods: Pods) -> None:
    (deployment,) = (each for each in rendered(package, "--set", IMAGE) if each["kind"] == "Deployment")

    address = pods.start(deployment)

    feed = urllib3.request("GET", f"{address}/api/scenedock/catalog/catalog-info.yaml", retries=False)
    assert feed.status == 200
    assert b"kind: Location" in feed.data


def test_scaled_runs_tasks_and_each_metric_that_is_watched_exists(scaled: list[Manifest], pods: Pods) -> None:
    web, worker = (each for each in scaled if each["kind"] == "Deployment")
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with running_postgres() as postgres:
        database = postgres.make_database("scenedock")
        secret = {
            "SCENEDOCK_DATABASE_URL": database,
            "SCENEDOCK_SEAL_KEY": urlsafe_b64encode(os.urandom(32)).decode(),
            "SCENEDOCK_SIGNING_KEY": key.decode(),
        }
        pods.secret = {**pods.secret, **secret}
        program = Path(sys.executable).with_name("scenedock")
        subprocess.run([program, "migrate"], env={**os.environ, **pods.environment(web)}, check=True)
        with pods.ended:
            text = metrics(pods.start(web)) + metrics(pods.start(worker))

    incidents = (ROOT / "docs" / "incidents.md").read_text(encoding="utf-8")
    watched = set(re.findall(r"scenedock_\w+", " ".join(map(str, [*_expressions(), incidents]))))
    there = set(re.findall(r"^# TYPE (scenedock_\w+)", text, flags=re.MULTILINE))
    assert {re.sub(r"_bucket$", "", name) for name in watched} - there == set()
    assert len(watched) > 12


def _expressions() -> Iterator[str]:
    rules = yaml.safe_load((CHART / "alerts.yaml").read_bytes())
    yield from (rule["expr"] for group in rules["groups"] for rule in group["rules"])
    for panel in json.loads((CHART / "dashboard.json").read_bytes())["panels"]:
        yield from (target["expr"] for target in panel["targets"])


@pytest.fixture
def alerts(tmp_path: Path) -> Path:
    for file in (CHART / "alerts.yaml", HERE / "alerts.test.yaml"):
        shutil.copy(file, tmp_path)
    return tmp_path


def test_each_alert_is_raised_when_it_should_be_and_only_then(alerts: Path) -> None:
    run([promtool(), "test", "rules", "alerts.test.yaml"], alerts)
    names = {
        rule["alert"]
        for group in yaml.safe_load((CHART / "alerts.yaml").read_bytes())["groups"]
        for rule in group["rules"]
    }
    tests = yaml.safe_load((HERE / "alerts.test.yaml").read_bytes())["tests"]
    asked = [(rule["alertname"], bool(rule["exp_alerts"])) for test in tests for rule in test["alert_rule_test"]]
    assert {name for name, raised in asked if raised} == names


def test_a_limit_that_is_another_one_is_noticed(alerts: Path) -> None:
    rules = alerts / "alerts.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("> 900", "> 9000"), encoding="utf-8")

    assert attempt([promtool(), "test", "rules", "alerts.test.yaml"], alerts).returncode == 1
