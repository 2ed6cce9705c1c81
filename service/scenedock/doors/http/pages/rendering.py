"""Pages as HTML."""

from __future__ import annotations

from functools import cache
from typing import Final

from flask import Response, g
from jinja2 import Environment, PackageLoader, StrictUndefined

HTML: Final = "text/html"
_POLICY: Final = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


def page(template: str, **values: object) -> Response:
    """A page made of a template of this room, with these values."""
    text = _templates().get_template(template).render(caller=g.get("caller"), **values)
    return Response(text, mimetype=HTML, headers={"Content-Security-Policy": _POLICY})


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("scenedock.doors.http.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
