"""Variables and secrets of GitHub Actions."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

from nacl.exceptions import CryptoError
from nacl.public import SealedBox

from tests.fakes.github.call import Call, RefusedError, Route, not_found
from tests.fakes.github.model import Secret, Variable, now
from tests.fakes.shared.messages import Answer


def variables(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/actions/variables."""
    query = {"per_page": "10", **call.query}
    call.query = query
    return call.page([_variable(each) for each in call.repository.variables.values()], "variables")


def variable(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/actions/variables/{name}."""
    return Answer(200, _variable(_named(call)))


def create_variable(call: Call) -> Answer:
    """POST /repos/{owner}/{repo}/actions/variables."""
    name = call.body["name"].upper()
    if name in call.repository.variables:
        raise RefusedError(409, "Already exists - Variable already exists")
    call.repository.variables[name] = Variable(name, call.body["value"], now(), now())
    return Answer(201, {})


def update_variable(call: Call) -> Answer:
    """PATCH /repos/{owner}/{repo}/actions/variables/{name}."""
    found = _named(call)
    found.value, found.updated = call.body.get("value", found.value), now()
    return Answer(204)


def delete_variable(call: Call) -> Answer:
    """DELETE /repos/{owner}/{repo}/actions/variables/{name}."""
    del call.repository.variables[_named(call).name]
    return Answer(204)


def public_key(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/actions/secrets/public-key."""
    key, identity = _key(call)
    return Answer(200, {"key_id": identity, "key": key})


def secrets(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/actions/secrets: names only."""
    return call.page([_secret(name, each) for name, each in call.repository.secrets.items()], "secrets")


def secret(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}/actions/secrets/{secret_name}."""
    name = call.path["secret_name"].upper()
    if name not in call.repository.secrets:
        raise not_found()
    return Answer(200, _secret(name, call.repository.secrets[name]))


def put_secret(call: Call) -> Answer:
    """PUT /repos/{owner}/{repo}/actions/secrets/{secret_name}: sealed for the repository's key, or refused."""
    held, name, sealed = call.repository.secrets, call.path["secret_name"].upper(), call.body["encrypted_value"]
    if call.body["key_id"] != _key(call)[1]:
        raise RefusedError(422, "Bad request - the key_id does not match the public key")
    try:
        SealedBox(call.repository.key).decrypt(base64.b64decode(sealed))
    except (binascii.Error, CryptoError):
        raise RefusedError(422, "Bad request - the value was not encrypted with the public key") from None
    old = held.get(name)
    held[name] = Secret(sealed, old.created if old else now(), now())
    return Answer(204) if old else Answer(201, {})


def delete_secret(call: Call) -> Answer:
    """DELETE /repos/{owner}/{repo}/actions/secrets/{secret_name}."""
    if call.repository.secrets.pop(call.path["secret_name"].upper(), None) is None:
        raise not_found()
    return Answer(204)


def _key(call: Call) -> tuple[str, str]:
    raw = bytes(call.repository.key.public_key)
    return base64.b64encode(raw).decode(), hashlib.sha256(raw).hexdigest()[:18]


def _named(call: Call) -> Variable:
    found = call.repository.variables.get(call.path["name"].upper())
    if found is None:
        raise not_found()
    return found


def _variable(found: Variable) -> dict[str, Any]:
    return {"name": found.name, "value": found.value, "created_at": found.created, "updated_at": found.updated}


def _secret(name: str, found: Secret) -> dict[str, Any]:
    return {"name": name, "created_at": found.created, "updated_at": found.updated}


_VARIABLES = "/repos/{owner}/{repo}/actions/variables"
_SECRETS = "/repos/{owner}/{repo}/actions/secrets"
ROUTES = (
    Route(f"GET {_VARIABLES}", variables, "actions_variables:read"),
    Route(f"POST {_VARIABLES}", create_variable, "actions_variables:write"),
    Route(f"GET {_VARIABLES}/{{name}}", variable, "actions_variables:read"),
    Route(f"PATCH {_VARIABLES}/{{name}}", update_variable, "actions_variables:write"),
    Route(f"DELETE {_VARIABLES}/{{name}}", delete_variable, "actions_variables:write"),
    Route(f"GET {_SECRETS}", secrets, "secrets:read"),
    Route(f"GET {_SECRETS}/public-key", public_key, "secrets:read"),
    Route(f"GET {_SECRETS}/{{secret_name}}", secret, "secrets:read"),
    Route(f"PUT {_SECRETS}/{{secret_name}}", put_secret, "secrets:write"),
    Route(f"DELETE {_SECRETS}/{{secret_name}}", delete_secret, "secrets:write"),
)
