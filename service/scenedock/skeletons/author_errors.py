"""Report errors inside a template with the skeleton's file and line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError

from scenedock.errors import ScenedockError
from scenedock.skeletons.problems import LimitError, SkeletonError

_HELM = re.compile(
    r"\{\{-?\s*(?:[.$]|/\*|(?:end|else)\s*-?\}\}|(?:if|else|range|with|define|include|template|block|tpl|toYaml|toJson|"
    r"default|quote|printf|required|nindent|lookup|index)\s+[^\s|}=])"
)
"""An opening brace followed by what occurs only in Go templates."""

HELM_REMEDY = (
    "this looks like a Helm template, whose braces Jinja takes for its own. List the file under `_copy_without_render` "
    'in cookiecutter.json (for example "*/templates/*"), or put {% raw %} … {% endraw %} around it'
)


@contextmanager
def blaming(label: str, path: str, source: Callable[[str], str | None], line: int | None = None) -> Iterator[None]:
    """Convert an error that a template raises to a `SkeletonError` with its file and line.

    `path` and `line` are the place of the template, used unless the error has its own; `source` returns a file's text.
    """
    try:
        yield
    except LimitError as error:
        raise LimitError(f"{label}/{path}: {error}") from None
    except ScenedockError:
        raise
    except Exception as error:  # a template is the author's code: it may raise anything
        where, at = _place(error, path, line)
        text = (source(where) or "").splitlines()
        code = text[at - 1] if at is not None and 0 < at <= len(text) else ""
        helm = f"\n  {code.strip()}\n{HELM_REMEDY}" if _HELM.search(code) else ""
        place = f"{label}/{where}" + (f":{at}" if at is not None else "")
        raise SkeletonError(f"{place}: {_message(error)}{helm}") from error


def _message(error: Exception) -> str:
    if isinstance(error, TemplateNotFound):
        return f"there is no template {error.name!r} in the project folder or in templates/"
    if isinstance(error, RecursionError):
        return "a macro or an include calls itself endlessly"
    text = str(error) or type(error).__name__
    return text if isinstance(error, TemplateError) else f"{type(error).__name__}: {text}"


def _place(error: Exception, path: str, line: int | None) -> tuple[str, int | None]:
    """Where the error occurred: Jinja adds frames with the template's file and line to the traceback."""
    if isinstance(error, TemplateSyntaxError):
        return (error.filename, error.lineno) if error.filename else (path, line)
    traceback = error.__traceback__
    while traceback is not None:
        if "__jinja_exception__" in traceback.tb_frame.f_globals:
            name = traceback.tb_frame.f_code.co_filename
            if name != "<template>":
                path, line = name, traceback.tb_lineno
        traceback = traceback.tb_next
    return path, line
