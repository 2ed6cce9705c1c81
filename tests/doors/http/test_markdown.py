"""Markdown on pages: what it can't do, whoever wrote it."""

from __future__ import annotations

import pytest

from scenedock.doors.http.rendering.markdown import markdown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# One\n\n###### Six", "<h3>One</h3>\n<h6>Six</h6>\n"),
        ("<b onclick=x()>a</b>", "<p>&lt;b onclick=x()&gt;a&lt;/b&gt;</p>\n"),
        ("<script>a</script>", "<p>&lt;script&gt;a&lt;/script&gt;</p>\n"),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>\n"),
        ("[a](data:text/html,x) [b](/approvals/1)", "<p>[a](data:text/html,x) [b](/approvals/1)</p>\n"),
        ("`a & b`", "<p><code>a &amp; b</code></p>\n"),
        ("```diff\n- <a>\n```", '<pre tabindex="0"><code class="language-diff">- &lt;a&gt;\n</code></pre>\n'),
    ],
)
def test_a_text_becomes_html_and_brings_none(text: str, expected: str) -> None:
    assert markdown(text) == expected


def test_a_link_leaves_nothing_behind_and_an_image_is_never_loaded() -> None:
    rel = 'rel="nofollow noopener noreferrer"'
    assert markdown("[a](https://x.test/?q=%22)") == f'<p><a href="https://x.test/?q=%22" {rel}>a</a></p>\n'
    assert "<img" not in markdown("![a](https://x.test/a.png)")


def test_a_table_scrolls_by_itself_and_the_keyboard_reaches_it() -> None:
    shown = markdown("| a | b |\n|---|---|\n| 1 | <i> |\n")
    assert shown.startswith('<div class="scroll" tabindex="0"><table>')
    assert "<td>&lt;i&gt;</td>" in shown
