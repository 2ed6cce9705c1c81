"""The schemas of Kubernetes' own objects, from a package that not everybody needs: it unpacks to 70 MB."""

from __future__ import annotations

from scenedock.errors import InputError
from scenedock.model.json import JsonObject


def kubernetes_definitions(version: str = "") -> tuple[str, JsonObject]:
    """The version (`1.37`) and its definitions, strict: a key that Kubernetes doesn't know is wrong.

    Without a version it is the newest.

    Raises
    ------
    InputError   the package isn't installed, or doesn't have this version
    """
    try:
        from kubernetes_validate import utils
    except ImportError:
        raise InputError(
            "Kubernetes' schemas aren't installed: pip install 'scenedock[kubernetes]' (kubernetes-validate)"
        ) from None
    versions = {known.rpartition(".")[0]: known for known in utils.all_versions()}
    chosen = version or list(versions)[-1]
    if chosen not in versions:
        raise InputError(f"there are no schemas of Kubernetes {chosen!r}; there are {', '.join(versions)}")
    path = f"kubernetes-json-schema/v{versions[chosen]}-local-strict/_definitions.json"
    definitions: JsonObject = utils.schema_contents(path, chosen)
    return chosen, definitions
