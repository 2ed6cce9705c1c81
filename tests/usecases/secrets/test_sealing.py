"""What is sealed opens in its cluster, under its name and namespace as far as its scope binds it; and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from scenedock.changes.secrets.manifests import Remote, Store
from scenedock.changes.secrets.naming import SCOPES, Scope
from scenedock.changes.secrets.places import SecretPlace, remotes_in, with_remotes, with_sealed
from scenedock.effects.sealed_secrets.certificate import Certificate
from scenedock.errors import InputError
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.secrets.find_place import SecretWish, find_place
from scenedock.usecases.secrets.seal import seal
from tests.tools.sealed_secrets import Cluster, documents
from tests.usecases.secrets.repositories import chart, ground_of

CLUSTER = Cluster()
VALUES = {"PASSWORD": b"p\xc3\xa4ss", "key.bin": bytes(range(256)), "LARGE": b"x" * 300_000}


def found(ground: Ground, environment: str | None = "qa", *keys: str, **wish: Any) -> SecretPlace:
    """Where a secret of billing is or belongs."""
    return find_place(ground, SecretWish("SealedSecret", "billing", environment, frozenset(keys or VALUES), **wish))


def sealed(place: SecretPlace, values: dict[str, bytes]) -> str:
    """The file with some values."""
    certificate = Certificate.read(CLUSTER.certificate(), "cert.pem")
    return with_sealed(place, seal(certificate, place, values, datetime.now(UTC)).values).decode()


def cannot_open(manifest: dict[str, Any], cluster: Cluster = CLUSTER) -> bool:
    """Whether a cluster can open nothing of it."""
    try:
        cluster.opens(manifest)
    except Exception:  # noqa: BLE001 - whatever the library raises: it is not opened
        return True
    return False


@pytest.mark.parametrize("scope", SCOPES)
def test_it_opens_where_its_scope_allows_and_nowhere_else(tmp_path: Path, scope: Scope) -> None:
    place = found(ground_of(tmp_path, chart("qa")), scope=scope)

    text = sealed(place, VALUES)

    assert (place.path, place.name, place.namespace) == (
        "billing/templates/billing-sealed-secret.yaml",
        "billing",
        "billing-qa",
    )
    manifest = documents(text)["billing"]
    assert CLUSTER.opens(manifest) == VALUES
    renamed = {**manifest, "metadata": {**manifest["metadata"], "name": "other"}}
    elsewhere = {**manifest, "metadata": {**manifest["metadata"], "namespace": "billing-production"}}
    others = [each for each in SCOPES if each != scope]
    rescoped = [
        {**manifest, "metadata": {**manifest["metadata"], "annotations": {f"sealedsecrets.bitnami.com/{each}": "true"}}}
        for each in others
    ]
    assert cannot_open(manifest, Cluster("another"))
    assert cannot_open(renamed) == (scope == "strict")
    assert cannot_open(elsewhere) == (scope != "cluster-wide")
    assert all(map(cannot_open, rescoped))


def test_a_key_is_merged_and_no_other_byte_changes(tmp_path: Path) -> None:
    ground = ground_of(tmp_path, chart("qa"))
    first = sealed(found(ground, "qa", "A", "B"), {"A": b"a", "B": b"b"})
    written = f"# ours\n{first}---\n# another\nkind: ConfigMap # not a secret\n"
    ground = ground_of(tmp_path, {"billing/templates/secrets.yaml": written})

    place = found(ground, "qa", "B", "C.d")
    after = sealed(place, {"B": b"new", "C.d": b"c"})

    assert (place.path, place.has) == ("billing/templates/secrets.yaml", frozenset({"A", "B"}))
    assert CLUSTER.opens(documents(after)["billing"]) == {"A": b"a", "B": b"new", "C.d": b"c"}
    kept = [line for line in written.splitlines() if not line.strip().startswith("B:")]
    assert [line for line in after.splitlines() if not line.strip().startswith(("B:", "C.d:"))] == kept


def test_values_of_a_library_chart_get_it_where_one_environment_alone_has_it(tmp_path: Path) -> None:
    files = chart("qa", "production")
    files["billing/Chart.yaml"] += (
        "dependencies:\n- {name: common, alias: app, version: 1.0.0, repository: file://../common}\n"
    )
    files["common/Chart.yaml"] = "apiVersion: v2\nname: common\nversion: 1.0.0\ntype: library\n"
    files["common/values.yaml"] = "sealedSecrets: {}\nexternalSecrets: {}\n"
    ground = ground_of(tmp_path, files)

    place = found(ground, "production", "PASSWORD", scope="namespace-wide")
    text = sealed(place, {"PASSWORD": b"p"})

    assert (place.form, place.path) == ("values", "billing/values-production.yaml")
    assert text.startswith("image: {tag: 1.0.0} # production\n")
    entry = yaml.safe_load(text)["app"]["sealedSecrets"]["billing"]
    assert (entry["scope"], list(entry["encryptedData"])) == ("namespace-wide", ["PASSWORD"])
    ground = ground_of(tmp_path, {place.path: text})
    assert found(ground, "production", "USER").scope == "namespace-wide"
    with pytest.raises(InputError, match="billing has the scope namespace-wide"):
        found(ground, "production", "USER", scope="strict")
    external = find_place(ground, SecretWish("ExternalSecret", "billing", "qa", frozenset({"TOKEN"})))
    assert external.form == "values"
    with pytest.raises(InputError, match=r"billing comes from the SealedSecret in app\.sealedSecrets already"):
        find_place(ground, SecretWish("ExternalSecret", "billing", "production", frozenset({"TOKEN"})))
    referring = with_remotes(external, {"TOKEN": Remote("billing/qa", "token")}, Store("vault"))
    assert yaml.safe_load(referring)["app"]["externalSecrets"] == {
        "billing": {"store": "vault", "data": {"TOKEN": {"key": "billing/qa", "property": "token"}}}
    }


def test_an_external_secret_gets_a_reference_beside_the_others(tmp_path: Path) -> None:
    ground = ground_of(tmp_path, chart("qa"))
    wish = SecretWish("ExternalSecret", "billing", "qa", frozenset({"A"}))
    first = with_remotes(find_place(ground, wish), {"A": Remote("billing/qa")}, Store("vault", "SecretStore"))
    ground = ground_of(tmp_path, {"billing/templates/es.yaml": first.decode()})

    place = find_place(ground, SecretWish("ExternalSecret", "billing", "qa", frozenset({"B"})))
    after = with_remotes(place, {"B": Remote("billing/qa", "b"), "A": Remote("billing/other")}, Store(""))

    assert remotes_in(place, after) == {"A": Remote("billing/other"), "B": Remote("billing/qa", "b")}
    assert yaml.safe_load(after)["spec"]["secretStoreRef"] == {"kind": "SecretStore", "name": "vault"}


KUSTOMIZED = {
    "scenedock.yaml": "environments: {known: [dev, qa]}\n",
    "billing/base/kustomization.yaml": "resources: [deployment.yaml]\n",
    "billing/base/deployment.yaml": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: billing}\n"
        "spec: {template: {spec: {containers: [{name: billing, image: acme/billing:1.0.0}]}}}\n"
    ),
    **{
        f"billing/overlays/{each}/kustomization.yaml": f"namespace: billing-{each}\nresources:\n- ../../base # all\n"
        for each in ("dev", "qa")
    },
}


def test_an_overlay_lists_its_new_file(tmp_path: Path) -> None:
    ground = ground_of(tmp_path, KUSTOMIZED)

    place = found(ground, "qa", "A", namespace="billing-qa")

    assert place.path == "billing/overlays/qa/billing-sealed-secret.yaml"
    (listing,) = place.also
    assert listing.after == (listing.before or b"") + b"- billing-sealed-secret.yaml\n"
    ground = ground_of(
        tmp_path, {"billing/overlays/qa/kustomization.yaml": "namePrefix: x-\nresources: [../../base]\n"}
    )
    with pytest.raises(InputError, match="changes the names of manifests"):
        found(ground, "qa", "A", namespace="billing-qa")


def test_what_nothing_says_is_asked(tmp_path: Path) -> None:
    shared = ground_of(tmp_path / "shared", chart("qa", "production"))
    with pytest.raises(InputError, match=r"billing/qa has no folder of manifests of its own; billing/templates serves"):
        found(shared)
    single = ground_of(tmp_path / "single", {**chart("qa"), "argocd/billing-qa.yaml": ""})
    with pytest.raises(InputError, match="nothing says to which namespace"):
        found(single)
    with pytest.raises(InputError, match=r"billing/templates/x\.yaml would be deployed to others, too"):
        found(shared, path="billing/templates/x.yaml")
    with pytest.raises(InputError, match="'-' can't be a key of a Secret"):
        found(shared, "qa", "-")
    with pytest.raises(InputError, match=r"'\.\.data' can't be a key of a Secret"):
        found(shared, "qa", "..data")
    with pytest.raises(InputError, match="'Billing_' can't be the name of a Secret"):
        found(shared, name="Billing_")
    with pytest.raises(InputError, match="'a/b' can't be a namespace"):
        found(shared, namespace="a/b")
    two = "".join(sealed(found(shared, name=name, path="new.yaml"), {"A": b"a"}) + "---\n" for name in "ab")
    with pytest.raises(InputError, match="billing/qa has several secrets: a, b; give the `name` of one"):
        found(ground_of(tmp_path / "two", {**chart("qa"), "billing/templates/two.yaml": two}))
    text = sealed(found(shared, name="a", path="new.yaml"), {"A": b"a"}).replace("  namespace: billing-qa\n", "")
    both = ground_of(tmp_path / "both", {**chart("qa", "production"), "billing/templates/a.yaml": text})
    with pytest.raises(InputError, match="is deployed to billing/production, too"):
        found(both)
