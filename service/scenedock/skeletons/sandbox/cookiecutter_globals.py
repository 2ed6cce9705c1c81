"""What cookiecutter adds to Jinja for every skeleton: jsonify, slugify, random_ascii_string, uuid4 and `{% now %}`.

Same names, arguments and results as the five extensions of cookiecutter 2.7.1. Those know no budget, and load
arrow for skeletons that ask for no date, too.
"""

from __future__ import annotations

import json
import string
import uuid
from collections.abc import Callable
from secrets import choice
from typing import Any

from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

from scenedock.skeletons.sandbox.amplifiers import guard_now
from scenedock.skeletons.sandbox.metering import allow_number, budget


def jsonify(obj: Any, indent: int = 4) -> str:
    """The value as JSON with sorted keys."""
    return json.dumps(obj, sort_keys=True, indent=indent)


def slugify(value: str, *args: Any, **kwargs: Any) -> str:
    """The text as a slug; arguments as python-slugify has them."""
    from slugify import slugify as python_slugify

    return str(python_slugify(value, *args, **kwargs))


def random_ascii_string(length: int, punctuation: bool = False) -> str:  # noqa: FBT001, FBT002  # cookiecutter's signature
    """That many random letters, with punctuation if wanted."""
    budget().take(allow_number(length))
    corpus = string.ascii_letters + (string.punctuation if punctuation else "")
    return "".join(choice(corpus) for _ in range(length))


def uuid4() -> str:
    """A random UUID."""
    return str(uuid.uuid4())


FILTERS: dict[str, Callable[..., Any]] = {"jsonify": jsonify, "slugify": slugify}
GLOBALS: dict[str, Callable[..., Any]] = {"random_ascii_string": random_ascii_string, "uuid4": uuid4}

BUILT_IN = frozenset(
    f"cookiecutter.extensions.{name}Extension" for name in ("Jsonify", "RandomString", "Slugify", "Time", "UUID")
)
"""Extensions that a skeleton may name although it has them anyway."""


class NowTag(Extension):
    """`{% now 'utc', '%Y' %}` and `{% now 'local' + 'days=7' %}`."""

    tags = {"now"}  # noqa: RUF012  # Jinja declares it as an instance's attribute

    def parse(self, parser: Parser) -> nodes.Node:
        """Read the tag."""
        line = next(parser.stream).lineno
        zone = parser.parse_expression()
        form = parser.parse_expression() if parser.stream.skip_if("comma") else nodes.Const("%Y-%m-%d")
        arguments: list[nodes.Expr] = [zone, nodes.Const("+"), nodes.Const(None), form]
        if isinstance(zone, nodes.Add | nodes.Sub):
            arguments = [zone.left, nodes.Const(zone.operator), zone.right, form]
        return nodes.Output([self.call_method("_now", arguments, lineno=line)], lineno=line)

    def _now(self, zone: str, operator: str, offset: str | None, form: str) -> str:
        import arrow

        guard_now(form)
        moment = arrow.now(zone)
        if offset is not None:
            pairs = (part.split("=") for part in offset.split(","))
            shift: dict[str, Any] = {unit.strip(): float(operator + amount.strip()) for unit, amount in pairs}
            moment = moment.shift(**shift)
        return moment.strftime(form)
