"""Manifests against Kubernetes' schemas, and those that a repository defines."""

from __future__ import annotations

import sys

import pytest

from scenedock.effects.local.kubernetes_schemas import kubernetes_definitions
from scenedock.errors import InputError
from scenedock.manifests.rendered import Rendered
from scenedock.manifests.validation import KubernetesSchemas, Validation, new_problems, validate
from scenedock.model.json import Json, JsonObject

CERTIFICATE: JsonObject = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["host"],
            "properties": {
                "host": {"type": "string", "minLength": 1},
                "days": {"type": "integer", "minimum": 0, "exclusiveMinimum": True, "nullable": True},
                "port": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        }
    },
}


def _definition(schema: JsonObject) -> JsonObject:
    version: JsonObject = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names: JsonObject = {"kind": "Certificate", "plural": "certificates"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "certificates.acme.test"},
        "spec": {"group": "acme.test", "names": names, "scope": "Namespaced", "versions": [version]},
    }


@pytest.fixture(scope="module")
def schemas() -> KubernetesSchemas:
    return KubernetesSchemas(*kubernetes_definitions("1.34"), [_definition(CERTIFICATE)])


def _validate(schemas: KubernetesSchemas, *manifests: JsonObject) -> Validation:
    return validate([Rendered("apps", "billing", "qa", manifests)], schemas)


def _object(api: str, kind: str, spec: Json) -> JsonObject:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "billing", "creationTimestamp": None}, "spec": spec}


def test_a_problem_that_was_there_before_is_not_new_where_it_only_moved() -> None:
    def rendered(name: str, *containers: JsonObject) -> list[Rendered]:
        spec: JsonObject = {"selector": {}, "template": {"spec": {"containers": list(containers)}}}
        one = _object("apps/v1", "Deployment", spec)
        return [Rendered("apps", "billing", "qa", ({**one, "metadata": {"name": name}},))]

    wrong, right = {"name": "a", "prots": []}, {"name": "b"}
    before = rendered("billing-2c4d6f7g8h", wrong)
    found = [
        new_problems(before, rendered("billing-9c4d6f7g8h", *containers), *kubernetes_definitions("1.34"))
        for containers in ((right, wrong), (wrong, wrong))
    ]

    path = "spec.template.spec.containers[1].prots"
    assert [(each.known, [one.path for one in each.problems]) for each in found] == [(1, []), (1, [path])]


def test_each_problem_of_an_object_is_told_with_its_path_and_without_its_value(schemas: KubernetesSchemas) -> None:
    container: JsonObject = {"name": "web", "image": "web:1", "prots": [], "env": [{"name": "TOKEN", "value": 271828}]}
    spec: JsonObject = {"replicas": "canary", "template": {"spec": {"containers": [container]}}}
    found = _validate(schemas, _object("apps/v1", "Deployment", spec))
    assert [str(problem) for problem in found.problems] == [
        "billing in qa: Deployment billing: spec.replicas: must be a whole number",
        "billing in qa: Deployment billing: spec.selector: is missing",
        "billing in qa: Deployment billing: spec.template.spec.containers[0].env[0].value: must be a text",
        "billing in qa: Deployment billing: spec.template.spec.containers[0].prots: there is no such key",
    ]


def test_an_api_that_kubernetes_has_no_more_is_a_problem(schemas: KubernetesSchemas) -> None:
    (problem,) = _validate(schemas, _object("policy/v1beta1", "PodDisruptionBudget", {})).problems
    assert problem.message == "Kubernetes 1.34 has no PodDisruptionBudget of policy/v1beta1"


def test_a_custom_resource_is_checked_where_the_repository_defines_it(schemas: KubernetesSchemas) -> None:
    good: JsonObject = {"host": "a", "days": None, "port": "http", "free": {"any": 1}, "labels": {"a": "b"}}
    bad: JsonObject = {"days": 0, "port": True, "hosts": [], "labels": {"a": 1}}
    fine = _validate(schemas, _definition(CERTIFICATE), _object("acme.test/v1", "Certificate", good))
    assert fine == Validation((), 2)
    found = _validate(schemas, _object("acme.test/v1", "Certificate", bad))
    assert [(problem.path, problem.message) for problem in found.problems] == [
        ("spec.days", "the value is less than or equal to the minimum of 0"),
        ("spec.host", "is missing"),
        ("spec.hosts", "there is no such key"),
        ("spec.labels.a", "must be a text"),
        ("spec.port", "must be a whole number or a text"),
    ]


def test_what_no_schema_is_known_for_is_counted(schemas: KubernetesSchemas) -> None:
    others = [_object("acme.test/v2", "Certificate", {}), _object("monitoring.coreos.com/v1", "ServiceMonitor", {})]
    assert _validate(schemas, *others, others[1]) == Validation(
        (), 0, {"Certificate of acme.test/v2": 1, "ServiceMonitor of monitoring.coreos.com/v1": 2}
    )


def test_a_definition_whose_schema_is_none_checks_nothing() -> None:
    schemas = KubernetesSchemas(*kubernetes_definitions(), [_definition({"type": "text"})])
    assert _validate(schemas, _object("acme.test/v1", "Certificate", {})).unchecked == {
        "Certificate of acme.test/v1": 1
    }


def test_an_unknown_version_names_those_that_there_are() -> None:
    with pytest.raises(InputError, match=r"there are no schemas of Kubernetes '1\.9'; there are 1\.25, 1\.26"):
        kubernetes_definitions("1.9")


def test_without_the_package_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kubernetes_validate", None)
    with pytest.raises(InputError, match=r"pip install 'scenedock\[kubernetes\]'"):
        kubernetes_definitions()
