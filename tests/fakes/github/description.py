"""GitHub's published description of its REST API, cut to what a check needs, and read as JSON Schema."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from tests.tools.cache import keep
from tests.tools.node import node_modules

NODE = Path(__file__).parent / "node"
_PUBLISHED = "node_modules/@octokit/openapi/generated/api.github.com.json"
_UNUSED = {"description", "summary", "tags", "x-github", "externalDocs", "servers", "operationId", "deprecated"}


@cache
def description() -> dict[str, Any]:
    """The description of api.github.com: `paths`, `x-webhooks` and `components`, with schemas of JSON Schema draft 4.

    What is cut (prose, examples) and converted once is kept in the cache beside the package.

    Raises
    ------
    RuntimeError   the npm package can't be fetched; the message has the command to try
    """
    made_from = (NODE / "package-lock.json").read_bytes() + Path(__file__).read_bytes()
    kept = keep(f"github-openapi-{hashlib.sha256(made_from).hexdigest()[:16]}", _extract)
    read: dict[str, Any] = json.loads((kept / "description.json").read_bytes())
    return read


def _extract(folder: Path) -> None:
    published = json.loads((node_modules(NODE) / _PUBLISHED).read_bytes())
    _mend(published["paths"])
    kinds = ("schemas", "parameters", "responses")
    kept = {
        "paths": _cut(published["paths"]),
        "x-webhooks": _cut(published["x-webhooks"]),
        "components": {kind: _cut(published["components"][kind]) for kind in kinds},
    }
    (folder / "description.json").write_text(json.dumps(kept), encoding="utf-8")


def _mend(paths: dict[str, Any]) -> None:
    """Put right, in place, what the description says elsewhere or in prose, and GitHub does."""
    # "You can also pass an array of labels directly."
    body = paths["/repos/{owner}/{repo}/issues/{issue_number}/labels"]["post"]["requestBody"]
    labels = body["content"]["application/json"]["schema"]["oneOf"]
    labels.append(labels[0]["properties"]["labels"])
    # Here an account is a user and an enterprise at once; for a single installation it is either.
    listed = paths["/app/installations"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    listed["items"] = {"$ref": "#/components/schemas/installation"}


def _cut(node: Any) -> Any:
    """The node without prose and examples; `nullable`, which only OpenAPI 3.0 knows, as a type of its own."""
    if isinstance(node, list):
        return [_cut(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {
        # Of `oneOf`, GitHub means that one at least fits: most of its errors fit two.
        "anyOf" if name == "oneOf" else name: _cut(value)
        for name, value in node.items()
        # A property may be called `description` or `example`: then its value is a schema.
        if isinstance(value, dict) or (name not in _UNUSED and name != "example")
    }
    if kept.pop("nullable", False) is True:
        return {"anyOf": [{"type": "null"}, kept]}
    return kept
