"""What stays in a cluster, or outside of it, after manifests have gone from git; and what holds data.

Sources: Argo CD, "Sync Options" (`Prune=false`, `Delete=false`), "App Deletion" and "Application Pruning & Resource
Deletion" of ApplicationSets; Helm, "Tell Helm Not To Uninstall a Resource"; Flux, "Kustomization: prune"; Kubernetes,
"StatefulSets: PersistentVolumeClaim retention".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scenedock.manifests.objects import id_of
from scenedock.model.json import JsonObject, as_list, as_object, as_text, value_at

_SYNC_OPTIONS: Final = "argocd.argoproj.io/sync-options"
_KEEPING: Final = ("Prune=false", "Delete=false")
_RESOURCE_POLICY: Final = "helm.sh/resource-policy"
_FLUX_PRUNE: Final = "kustomize.toolkit.fluxcd.io/prune"
_FINALIZER: Final = "resources-finalizer.argocd.argoproj.io"
NAMESPACE_STAYS: Final = "Argo CD made the namespace (CreateNamespace=true) and doesn't delete it: delete it by hand"
"""What is said of a namespace that Argo CD makes; not so if a manifest brings it."""
_VAULT: Final = "vault.hashicorp.com/agent-inject-secret-"


def kept_by(manifest: JsonObject) -> str:
    """What keeps an object in the cluster, or lets it go late; empty if nothing does.

    >>> kept_by({"metadata": {"annotations": {"helm.sh/resource-policy": "keep"}}})
    'helm.sh/resource-policy: keep'
    """
    metadata = as_object(manifest.get("metadata"))
    annotations = as_object(metadata.get("annotations"))
    options = [each.strip() for each in as_text(annotations.get(_SYNC_OPTIONS)).split(",")]
    said: list[str] = [option for option in _KEEPING if option in options]
    if as_text(annotations.get(_RESOURCE_POLICY)).strip() == "keep":
        said.append(f"{_RESOURCE_POLICY}: keep")
    if as_text(annotations.get(_FLUX_PRUNE)) == "disabled":
        said.append(f"{_FLUX_PRUNE}: disabled")
    if finalizers := [as_text(each) for each in as_list(metadata.get("finalizers"))]:
        said.append(f"waits for {', '.join(finalizers)}")
    return ", ".join(said)


def claims_of(manifest: JsonObject) -> Iterator[str]:
    """The persistent volumes that an object has or makes, in words."""
    identity = id_of(manifest)
    if identity.kind == "PersistentVolumeClaim":
        yield f"PersistentVolumeClaim {identity.name}"
    if identity.kind == "StatefulSet":
        policy = as_text(value_at(manifest, ("spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted")))
        stays = "goes with it" if policy == "Delete" else "stays, and its volumes"
        for template in map(as_object, as_list(value_at(manifest, ("spec", "volumeClaimTemplates")))):
            name = as_text(value_at(template, ("metadata", "name")))
            yield f"PersistentVolumeClaim {name} of StatefulSet {identity.name}, which {stays}"


def secrets_elsewhere(manifest: JsonObject) -> Iterator[str]:
    """The paths in stores of secrets that an object reads, in words."""
    identity = id_of(manifest)
    if identity.kind in {"ExternalSecret", "ClusterExternalSecret"}:
        at = ("spec", "externalSecretSpec") if identity.kind.startswith("Cluster") else ("spec",)
        spec = as_object(value_at(manifest, at))
        entries = [as_object(as_object(each).get("remoteRef")) for each in as_list(spec.get("data"))]
        entries += [as_object(as_object(each).get("extract")) for each in as_list(spec.get("dataFrom"))]
        for key in dict.fromkeys(filter(None, (as_text(each.get("key")) for each in entries))):
            yield f"the secret {key} in its store ({identity.kind} {identity.name})"
    if identity.kind == "VaultStaticSecret":
        mount, path = (as_text(value_at(manifest, ("spec", key))) for key in ("mount", "path"))
        yield f"the secret {mount}/{path} in Vault (VaultStaticSecret {identity.name})"
    annotations = as_object(value_at(manifest, ("spec", "template", "metadata", "annotations")))
    for key, value in annotations.items():
        if key.startswith(_VAULT):
            yield f"the secret {as_text(value)} in Vault ({identity.kind} {identity.name})"


def images_of_pods(manifest: JsonObject) -> Iterator[str]:
    """The images of an object's containers."""
    pod = as_object(manifest.get("spec"))
    for at in (("template", "spec"), ("jobTemplate", "spec", "template", "spec")):
        pod = as_object(value_at(manifest, ("spec", *at))) or pod
    for name in ("initContainers", "containers"):
        for container in map(as_object, as_list(pod.get(name))):
            if image := as_text(container.get("image")):
                yield image


def kept_by_deployer(manifest: JsonObject) -> Iterator[str]:
    """What an Application, ApplicationSet or Kustomization that goes, or stops making something, leaves behind."""
    name = as_text(value_at(manifest, ("metadata", "name")))
    finalizers = list(map(as_text, as_list(value_at(manifest, ("metadata", "finalizers")))))
    match manifest.get("kind"):
        case "Application":
            if not any(each.startswith(_FINALIZER) for each in finalizers):
                yield f"the Application {name} has no finalizer {_FINALIZER}: its objects stay when it is deleted"
            yield from _namespace_of(as_object(manifest.get("spec")))
        case "ApplicationSet":
            if value_at(manifest, ("spec", "syncPolicy", "preserveResourcesOnDeletion")) is True:
                yield f"the ApplicationSet {name} has preserveResourcesOnDeletion: the objects stay"
            if as_text(value_at(manifest, ("spec", "syncPolicy", "applicationsSync"))) in {
                "create-only",
                "create-update",
            }:
                yield f"the ApplicationSet {name} never deletes Applications (`applicationsSync`): delete it by hand"
            yield from _namespace_of(as_object(value_at(manifest, ("spec", "template", "spec"))))
        case "Kustomization":
            if value_at(manifest, ("spec", "prune")) is False:
                yield f"the Kustomization {name} has `prune: false`: the objects stay"
        case _:
            return


def _namespace_of(spec: JsonObject) -> Iterator[str]:
    options = as_list(value_at(spec, ("syncPolicy", "syncOptions")))
    if "CreateNamespace=true" in options:
        yield NAMESPACE_STAYS
