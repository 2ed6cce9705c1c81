"""Pages as HTML: the templates, their filters, the addresses of style and script, and the headers of every page."""

from __future__ import annotations

import gzip
import hashlib
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Final
from urllib.parse import quote, urlencode

from flask import Response, g, request
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from scenedock.doors.http.rendering.markdown import markdown
from scenedock.doors.http.rendering.prepared import Prepared
from scenedock.doors.http.rendering.seen import seen
from scenedock.doors.http.requests.visitors import csrf_field, may_send_forms
from scenedock.doors.http.routes import Answer, Route
from scenedock.errors import NotFoundError
from scenedock.model.action import BASE_PATH
from scenedock.runtime.service import Service
from scenedock.structs import dataclass

HTML: Final = "text/html"
PAGE: Final[Mapping[int, Answer]] = {200: Answer("The page", None, HTML)}
"""The answers of a route that shows a page."""
NAVIGATION: Final = (
    ("/", "Start"),
    ("/board", "Board"),
    ("/services", "Services"),
    ("/findings", "Findings"),
    ("/repositories", "Repositories"),
    ("/delivery", "Delivery"),
    ("/graph", "Graph"),
    ("/tasks", "Tasks"),
    ("/approvals", "Approvals"),
    ("/actions", "Actions"),
)
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_SECONDS_OF_A_YEAR: Final = 31_536_000
_FEWEST_BYTES_TO_COMPRESS: Final = 2_048
_QUOTED: Final = re.compile(r"`([^`]+)`")
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages load; its address has the hash of its bytes, so that browsers may keep it for ever."""

    name: str
    media_type: str
    data: bytes

    @property
    def address(self) -> str:
        """`/static/style.0123456789ab.css`."""
        stem, _, suffix = self.name.partition(".")
        return f"/static/{stem}.{hashlib.sha256(self.data).hexdigest()[:12]}.{suffix}"


def page(template: str, *, prepared: Prepared | None = None, **values: object) -> Response:
    """A page made of a template of this room, with these values; compressed if it is large and the browser agrees.

    A part that is `prepared` has a place in the template.

    What is compressed must not have a secret, such as a token against forged requests, beside what others can put into
    the address (BREACH): a page with one sets `g.has_secrets`.
    """
    common = {"caller": g.get("caller"), "path": request.path, "query": request.args}
    text = seen(_templates().get_template(template).render(common, prepared=prepared, **values))
    answer = Response(prepared.between(text) if prepared else text, mimetype=HTML)
    if not g.get("has_secrets"):
        _compress(answer, (lambda: prepared.gzipped_between(text)) if prepared else None)
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


def read_asset(_service: Service, name: str) -> Response:
    """Read the style sheet, the script or the icon of the pages."""
    asset = next((each for each in assets().values() if each.address == f"/static/{name}"), None)
    if asset is None:
        raise NotFoundError(f"there is no file {name!r}; reload the page that names it")
    answer = Response(asset.data, mimetype=asset.media_type)
    _compress(answer)
    answer.headers["Cache-Control"] = f"public, max-age={_SECONDS_OF_A_YEAR}, immutable"
    return answer


@cache
def assets() -> Mapping[str, Asset]:
    """The files of this room's `static` folder, by name."""
    folder = resources.files("scenedock.doors.http.rendering") / "static"
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return {each.name: Asset(each.name, _TYPES[each.name.rpartition(".")[2]], each.read_bytes()) for each in files}


def address(path: str, *parts: str, **query: str) -> str:
    """An address of ours: a path, further parts of it, and a query without its empty values."""
    whole = "/".join([path, *(quote(part, safe="") for part in parts)])
    pairs = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in query.items() if value)
    return f"{whole}?{pairs}" if pairs else whole


def with_query(**changed: str) -> str:
    """The address of this request with another value for some parts of its query; an empty value removes one."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in changed]
    pairs = [*kept, *((name, value) for name, value in changed.items() if value)]
    return f"{request.path}?{urlencode(pairs)}" if pairs else request.path


def ago(seconds_since_1970: float) -> str:
    """How long ago a time was, in its largest unit: `3 d ago`, `2 h ago`, `5 min ago`, `just now`."""
    seconds = time.time() - seconds_since_1970
    return next((f"{seconds / unit:.0f} {name} ago" for unit, name in _UNITS if seconds >= unit), "just now")


def days_since(date: str) -> str:
    """How long ago a date (ISO 8601) was: `today`, `3 d`, `5 mo`, `2 y`."""
    days = int((time.time() - datetime.fromisoformat(date).timestamp()) // 86_400)
    if days < 1:
        return "today"
    return f"{days} d" if days < 90 else f"{days // 30} mo" if days < 720 else f"{days // 365} y"


def clock(milliseconds: int) -> str:
    """A time of the day in UTC: `07:30:00`."""
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).strftime("%H:%M:%S")


def moment(milliseconds: int) -> str:
    """A time in UTC: `2026-01-31 07:30 UTC`."""
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def code(text: str) -> Markup:
    """A message of ours as HTML, in which what stands between backticks is code.

    >>> code("set `owner` in <scenedock.yaml>")
    Markup('set <code>owner</code> in &lt;scenedock.yaml&gt;')
    """
    return Markup(_QUOTED.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - it is escaped


def plural(number: int, word: str) -> str:
    """`1 service`, `1,200 services`, `2 repositories`."""
    many = re.sub(r"(?<=[^aeiou])y$", "ie", word) + "s"
    return f"{number:,} {word if number == 1 else many}"


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("scenedock.doors.http.rendering"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "ago": ago,
        "clock": clock,
        "days_since": days_since,
        "code": code,
        "markdown": markdown,
        "moment": moment,
        "plural": plural,
    }
    environment.globals |= {
        "address": address,
        "asset": lambda name: assets()[name].address,
        "base": BASE_PATH,
        "navigation": NAVIGATION,
        "csrf_field": csrf_field,
        "may_send_forms": may_send_forms,
        "can_sign_in": lambda: g.get("can_sign_in", True),
        "with_query": with_query,
    }
    return environment


def _compress(answer: Response, compressed: Callable[[], bytes] | None = None) -> None:
    data = answer.get_data()
    if len(data) >= _FEWEST_BYTES_TO_COMPRESS:
        answer.headers["Vary"] = "Accept-Encoding"
        if request.accept_encodings.quality("gzip") > 0:
            answer.set_data(compressed() if compressed else gzip.compress(data, 5, mtime=0))
            answer.headers["Content-Encoding"] = "gzip"


ROUTES: Final = (Route("GET", "/static/{name}", "asset", read_asset, PAGE),)
