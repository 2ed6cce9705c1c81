"""Skeletons and answers that hypothesis makes up: what `cookiecutter` writes, we write, or both refuse.

`SCENEDOCK_SOAK_EXAMPLES` sets how many; each costs a process of the command, so there are few by default.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import event, given, note, settings
from hypothesis import strategies as st

from tests.skeletons.cookiecutter_cli import Refused, bake_as_cookiecutter, bake_as_ours

ROOT = "{{cookiecutter.slug}}"
EXAMPLES = int(os.environ.get("SCENEDOCK_SOAK_EXAMPLES", "20"))

# What an answer may be made of without being a template, which cookiecutter would execute.
plain_text = st.text(st.characters(codec="utf-8", exclude_characters="{}%#\0"), max_size=30)
name_text = st.text(st.sampled_from("abcXYZ019 -_ä漢"), min_size=1, max_size=12).map(lambda text: f"n{text}n")

BODIES = [
    "{{ cookiecutter.text }}\n",
    "{{ cookiecutter.slug|upper }} {{ cookiecutter.derived }}{{ cookiecutter.choice }}",
    "{% if cookiecutter.flag %}\n  on\n{% else %}\n  off\n{% endif %}\n",
    "{%- for k, v in cookiecutter.map.items() %}\n{{ k }}: {{ v }} {{ loop.index }}/{{ loop.length }}\n{%- endfor %}\n",
    "{% set ns = namespace(n=0) %}{% for c in cookiecutter.text %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}\n",
    "{% macro m(x, y='d') %}<{{ x }}{{ y }}>{% endmacro %}{{ m(cookiecutter.text) }}{{ m(1, y=cookiecutter.slug) }}\n",
    "{{ cookiecutter.text|slugify }} {{ cookiecutter.map|jsonify }} {{ _cookiecutter.map }} {{ _cookiecutter.flag }}",
    "{{ cookiecutter.text|e }} {{ cookiecutter.text|replace('a', 'b')|center(9) }}{{ cookiecutter.text|wordwrap(5) }}",
    "{% include 'part.txt' %}\n{% raw %}{{ .Values.x }}{% endraw %}\n",
    "{# comment #}no newline at the end {{ '{{' }}",
    "{{ cookiecutter.missing }}",
    "{% if cookiecutter.flag %}{{ cookiecutter.missing }}{% endif %}ok\n",
    "{{ .Values.broken }}\n",
    "{{ '%s-%s' % (cookiecutter.text, cookiecutter.choice) }} {{ cookiecutter.text.split()|join(', ') }}\n",
    "{{ cookiecutter._private }} {{ cookiecutter.__dunder }} {{ cookiecutter._copy_without_render }}\n",
    "{% filter indent(4) %}{{ cookiecutter.text }}\nx{% endfilter %}\n",
]
NAMES = [
    "a.txt",
    "b.html",
    "run.sh",
    "{{cookiecutter.name}}.md",
    "{% if cookiecutter.flag %}flag.txt{% endif %}",
    "{{cookiecutter.choice}}",
    "sub/{{cookiecutter.name}}/x.txt",
    "sub/c.txt",
    "{{cookiecutter.name}}/deep/d.txt",
    "raw/{{cookiecutter.name}}.tpl",
    "{{cookiecutter.slug}}/__init__.py",
]

bodies = st.one_of(
    st.lists(st.sampled_from(BODIES), max_size=4).map("".join),
    st.text(st.characters(codec="utf-8", exclude_characters="{}"), max_size=40),
)
contents = st.one_of(
    st.tuples(bodies, st.sampled_from(["\n", "\r\n", "\r"])).map(lambda made: made[0].replace("\n", made[1]).encode()),
    st.binary(max_size=60),
)
options = st.fixed_dictionaries(
    {},
    optional={
        "_copy_without_render": st.lists(st.sampled_from(["*.html", "raw", "raw/*", "sub", "a.txt", "*"]), max_size=2),
        "_new_lines": st.sampled_from(["\n", "\r\n", ""]),
        "_jinja2_env_vars": st.fixed_dictionaries(
            {}, optional={"trim_blocks": st.booleans(), "lstrip_blocks": st.booleans(), "autoescape": st.booleans()}
        ),
    },
)
answers = st.fixed_dictionaries(
    {},
    optional={
        "slug": name_text,
        "name": name_text,
        "text": plain_text,
        "derived": plain_text,
        "flag": st.sampled_from([True, False, "yes", "no", "1", "off"]),
        "choice": st.sampled_from(["one", "two", "three"]),
        "map": st.dictionaries(name_text, st.one_of(plain_text, st.booleans(), st.integers(-9, 9)), max_size=3),
    },
)


def write_skeleton(folder: Path, files: dict[str, bytes], option: dict[str, Any]) -> None:
    questions = {
        "slug": "project",
        "name": "name",
        "text": "some text",
        "derived": "{{ cookiecutter.slug }} & {{ cookiecutter.text|length }}",
        "flag": False,
        "choice": ["one", "two", "three"],
        "map": {"k": "{{ cookiecutter.slug }}", "b": True},
        "_private": "{{ raw }}",
        "__dunder": "{{ cookiecutter.name|upper }}",
        **option,
    }
    for path, content in {
        **{f"{ROOT}/{name}": body for name, body in files.items()},
        "templates/part.txt": b"part",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
        (folder / path).chmod(0o755 if path.endswith(".sh") else 0o644)
    (folder / ROOT).mkdir(exist_ok=True)
    (folder / "cookiecutter.json").write_text(json.dumps(questions))


@settings(max_examples=EXAMPLES, derandomize=EXAMPLES <= 20)
@given(files=st.dictionaries(st.sampled_from(NAMES), contents, max_size=6), option=options, answer=answers)
def test_we_write_what_cookiecutter_writes_or_both_refuse(
    files: dict[str, bytes], option: dict[str, Any], answer: dict[str, Any]
) -> None:
    with TemporaryDirectory() as work:
        skeleton = Path(work) / "skeleton"
        write_skeleton(skeleton, files, option)
        theirs = bake_as_cookiecutter(skeleton, answer, Path(work))
        ours = bake_as_ours(skeleton, answer, Path(work))

    note(f"theirs: {theirs}\nours: {ours}")
    event("refused" if isinstance(theirs, Refused) else "baked")
    if isinstance(theirs, Refused):
        assert isinstance(ours, Refused)
    else:
        assert ours == theirs
