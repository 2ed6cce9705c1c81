"""A secret of one deployment doesn't get into the files of others, whatever `path` says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenedock.changes.secrets.places import SecretPlace
from scenedock.errors import InputError
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.secrets.find_place import SecretWish, find_place
from tests.usecases.secrets.repositories import KNOWN, chart, ground_of

EXTERNAL = """apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: payments, namespace: payments-production}
spec:
  secretStoreRef: {kind: ClusterSecretStore, name: vault}
  data: []
"""
KUSTOMIZATION = """apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: {name}, namespace: flux-system}}
spec:
  path: ./clusters/production/{name}
  targetNamespace: {name}-production
  sourceRef: {{kind: GitRepository, name: flux-system}}
"""
WORKLOAD = """apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec: {{template: {{spec: {{containers: [{{name: {name}, image: "acme/{name}:1.0.0"}}]}}}}}}
"""


def ours(ground: Ground, environment: str = "dev", **wish: Any) -> SecretPlace:
    """Where an ExternalSecret of billing is or belongs."""
    return find_place(ground, SecretWish("ExternalSecret", "billing", environment, frozenset({"A"}), **wish))


@pytest.fixture
def company(tmp_path: Path) -> Ground:
    """Charts of billing in dev, and payments in production, and the manifests of ledger in production."""
    files = {
        **chart("dev"),
        **chart("production", folder="payments"),
        "payments/templates/es.yaml": EXTERNAL,
        "flux/ledger.yaml": KUSTOMIZATION.format(name="ledger"),
        "clusters/production/ledger/deployment.yaml": WORKLOAD.format(name="ledger"),
        "clusters/production/ledger/kustomization.yaml": "resources: [deployment.yaml]\n",
    }
    return ground_of(tmp_path, {**files, "scenedock.yaml": KNOWN})


@pytest.mark.parametrize(
    ("path", "whose"),
    [
        ("payments/templates/es.yaml", "payments/production"),
        ("payments/templates/new.yaml", "payments/production"),
        ("payments/templates/below/new.yaml", "payments/production"),
        ("clusters/production/ledger/new.yaml", "ledger/production"),
        ("clusters/production/ledger/below/new.yaml", "ledger/production"),
    ],
)
def test_a_path_among_the_manifests_of_others_is_refused(company: Ground, path: str, whose: str) -> None:
    with pytest.raises(InputError, match=f"{path} is where {whose} has manifests, and billing/dev has none"):
        ours(company, path=path, name="payments", namespace="payments-production")


def test_a_path_of_nobody_is_taken_and_noted(company: Ground) -> None:
    place = ours(company, path="extra/es.yaml")

    assert place.notes == ("nothing shows that extra/es.yaml is deployed to billing/dev",)


def test_what_is_shared_is_changed_only_by_its_path_and_names_who_gets_it(tmp_path: Path) -> None:
    shared = EXTERNAL.replace("{name: payments, namespace: payments-production}", "{name: billing}")
    ground = ground_of(tmp_path, {**chart("qa", "production"), "billing/templates/es.yaml": shared})

    with pytest.raises(InputError, match=r"billing/templates/es\.yaml is deployed to billing/production, too; give it"):
        ours(ground, "qa")
    place = ours(ground, "qa", path="billing/templates/es.yaml")
    assert place.shared_with == (("gitops", "billing", "production"),)
