"""The private variables that control how a skeleton is rendered."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2.defaults import BLOCK_START_STRING, COMMENT_START_STRING, VARIABLE_END_STRING, VARIABLE_START_STRING

from scenedock.skeletons.problems import SkeletonError
from scenedock.skeletons.questions.questions import Questions, line_of
from scenedock.skeletons.sandbox.cookiecutter_globals import BUILT_IN
from scenedock.skeletons.skeleton import QUESTIONS_FILE
from scenedock.structs import dataclass, field

SAFE_EXTENSIONS = frozenset({"jinja2.ext.do", "jinja2.ext.loopcontrols"})
"""Jinja's own extensions: every skeleton may use them, because they run no code of the skeleton."""

_TEXTS = frozenset(
    f"{what}_{end}_string" for what in ("block", "variable", "comment") for end in ("start", "end")
) | frozenset({"line_statement_prefix", "line_comment_prefix", "newline_sequence"})
_FLAGS = frozenset({"trim_blocks", "lstrip_blocks", "autoescape", "optimized"})
_NO_MATTER = frozenset({"cache_size", "auto_reload"})
_LINE_ENDS = ("", "\n", "\r", "\r\n")


@dataclass(frozen=True)
class Options:
    """How to render one skeleton."""

    jinja: Mapping[str, Any] = field(default_factory=dict)
    """Arguments for Jinja's environment, from `_jinja2_env_vars`."""
    safe_extensions: tuple[str, ...] = ()
    foreign_extensions: tuple[str, ...] = ()
    """Python classes from `_extensions` that are neither Jinja's nor cookiecutter's own."""
    copied: tuple[str, ...] = ()
    """The patterns of `_copy_without_render`."""
    line_end: str | None = None
    """`_new_lines`, if set."""

    @property
    def variable_start(self) -> str:
        """What begins a variable, `{{` by default."""
        return str(self.jinja.get("variable_start_string", VARIABLE_START_STRING))

    @property
    def variable_end(self) -> str:
        """What ends a variable, `}}` by default."""
        return str(self.jinja.get("variable_end_string", VARIABLE_END_STRING))

    @property
    def template_line_end(self) -> str:
        """The line end that Jinja converts all line ends of a template to."""
        return str(self.jinja.get("newline_sequence", "\n"))

    def code_finder(self) -> Callable[[str], bool]:
        """A function that tells whether a text contains Jinja code."""
        starts = [
            self.variable_start,
            str(self.jinja.get("block_start_string", BLOCK_START_STRING)),
            str(self.jinja.get("comment_start_string", COMMENT_START_STRING)),
            *(str(value) for name, value in self.jinja.items() if name.endswith("_prefix") and value),
        ]
        search = re.compile("|".join(map(re.escape, starts))).search
        return lambda text: search(text) is not None


def read_options(questions: Questions, label: str) -> Options:
    """The options of a skeleton.

    Raises
    ------
    SkeletonError   an option is invalid or not supported
    """
    private = questions.private

    def refuse(name: str, reason: str) -> SkeletonError:
        return SkeletonError(f"{label}/{QUESTIONS_FILE}:{line_of(questions.source, name)}: {name}: {reason}")

    extensions = private.get("_extensions", [])
    if not isinstance(extensions, list):
        raise refuse("_extensions", "must be a list of Python classes")
    names = [str(name) for name in extensions if str(name) not in BUILT_IN]
    copied = private.get("_copy_without_render", [])
    if not isinstance(copied, list) or not all(isinstance(pattern, str) for pattern in copied):
        raise refuse("_copy_without_render", 'must be a list of patterns, for example ["*/templates/*"]')
    line_end = private.get("_new_lines") or None
    if line_end is not None and line_end not in _LINE_ENDS:
        raise refuse("_new_lines", r'must be "\n", "\r\n" or "\r"')
    jinja = private.get("_jinja2_env_vars", {})
    if not isinstance(jinja, dict):
        raise refuse("_jinja2_env_vars", "must be an object with options of Jinja's environment")
    for name, value in jinja.items():
        reason = _wrong_option(name, value)
        if reason:
            raise refuse("_jinja2_env_vars", reason)
    return Options(
        jinja={name: value for name, value in jinja.items() if name not in _NO_MATTER},
        safe_extensions=tuple(name for name in names if name in SAFE_EXTENSIONS),
        foreign_extensions=tuple(name for name in names if name not in SAFE_EXTENSIONS),
        copied=tuple(str(pattern) for pattern in copied),
        line_end=str(line_end) if line_end is not None else None,
    )


def _wrong_option(name: str, value: object) -> str:
    if name in _TEXTS:
        if name == "newline_sequence":
            return "" if value in _LINE_ENDS[1:] else r'newline_sequence must be "\n", "\r\n" or "\r"'
        unset = value is None and name.endswith("_prefix")
        return "" if unset or (isinstance(value, str) and value) else f"{name} must be text"
    if name in _FLAGS | _NO_MATTER:
        return "" if isinstance(value, bool | int) else f"{name} must be true or false"
    return f"{name!r} is not supported; supported are {', '.join(sorted(_TEXTS | _FLAGS))}"


def line_end_of(content: bytes) -> str | None:
    """The line end that cookiecutter writes a file with: the one at the beginning of the skeleton's file.

    "The beginning" is what Python's text layer decodes to get the first line; if that has several kinds, the first of
    Python's tuple counts. None if there is no line end.
    """
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")
    text.readline()
    newlines = text.newlines
    return newlines[0] if isinstance(newlines, tuple) else newlines
