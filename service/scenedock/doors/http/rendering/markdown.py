"""Markdown as HTML for pages: without HTML, images and addresses other than of the web, whoever wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

if TYPE_CHECKING:  # its import loads sixty modules
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

_LEVELS_ABOVE: Final = 2
"""The headings of a page that stand above the text."""
_DEEPEST: Final = 6


def markdown(text: str) -> Markup:
    r"""A text in CommonMark, with tables, as HTML; its headings are below those of the page.

    >>> markdown("a *b* <i>")
    Markup('<p>a <em>b</em> &lt;i&gt;</p>\n')
    """
    return Markup(_reader().render(text))  # noqa: S704 - HTML in the text is escaped


@cache
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    reader.validateLink = lambda url: url.lower().startswith(("https://", "http://"))  # type: ignore[method-assign]
    reader.add_render_rule("link_open", _link)
    reader.add_render_rule("heading_open", _heading)
    reader.add_render_rule("heading_close", _heading)
    reader.add_render_rule("fence", _fence)
    reader.add_render_rule("table_open", lambda *_: '<div class="scroll" tabindex="0"><table>\n')
    reader.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return reader


def _link(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, _env: Any) -> str:
    tokens[at].attrSet("rel", "nofollow noopener noreferrer")
    return self.renderToken(tokens, at, options, _env)


def _heading(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    tokens[at].tag = f"h{min(int(tokens[at].tag[1:]) + _LEVELS_ABOVE, _DEEPEST)}"
    return self.renderToken(tokens, at, options, env)


def _fence(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """A block of lines; the keyboard must reach it, because it scrolls."""
    return self.fence(tokens, at, options, env).replace("<pre>", '<pre tabindex="0">', 1)
