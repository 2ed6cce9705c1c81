"""What one bake may use: time, text, files; and that bakes don't share anything."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from scenedock.skeletons.problems import LimitError
from scenedock.skeletons.rendering.bake import bake
from scenedock.skeletons.rendering.compiled import CompiledSkeleton
from scenedock.skeletons.sandbox import metering
from tests.skeletons.in_memory import baked, rendered, skeleton_of

LOTS = 10**9
NESTED = "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}"
"""A list of two lists of two lists …: small in memory, endless when printed."""


@pytest.mark.parametrize(
    "body",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{{ a }}{% endfor %}{% endfor %}",
        "{% macro m(n) %}{% for i in range(100) %}{{ m(n + 1) if n < 50 }}{% endfor %}{% endmacro %}{{ m(0) }}",
        f"{{{{ 'x' * {LOTS} }}}}",
        f"{{{{ {LOTS} * 'x' }}}}",
        f"{{{{ [0] * {LOTS} }}}}",
        "{{ 9 ** (9 ** 9) }}",
        "{% set ns = namespace(n=10) %}{% for i in range(60) %}{% set ns.n = ns.n * ns.n %}{% endfor %}",
        "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x='\\\\') %}{% for i in range(99) %}{% set ns.x = ns.x|tojson|string %}{% endfor %}",
        NESTED + "{{ ns.l }}",
        NESTED + "{{ ns.l|string|length }}",
        NESTED + "{{ ns.l ~ '' }}",
        NESTED + "{{ '%s' % [ns.l] }}",
        NESTED + "{{ '{}'.format(ns.l) }}{{ ns.l|jsonify }}",
        "{% set l = [1] %}{% for i in range(99) %}{% set _ = l.extend(l) %}{% endfor %}",
        "{% set l = [1] %}{% for i in range(99) %}{% set _ = l.extend(l|map('string')) %}{% endfor %}",
        f"{{{{ 'x'.ljust({LOTS}) }}}}",
        f"{{{{ 'x'.zfill({LOTS}) }}}}",
        f"{{{{ 'x'|center({LOTS}) }}}}",
        f"{{{{ 'x'|attr('rjust')({LOTS}) }}}}",
        f"{{{{ '\t'.expandtabs({LOTS}) }}}}",
        f"{{{{ 'x'|indent({LOTS}, true) }}}}",
        f"{{{{ '%{LOTS}d' % 1 }}}}",
        f"{{{{ '%*d' % ({LOTS}, 1) }}}}",
        f"{{{{ '%{LOTS}d'|format(1) }}}}",
        f"{{{{ '{{:{LOTS}}}'.format(1) }}}}",
        f"{{{{ '{{:{{w}}}}'.format(1, w={LOTS}) }}}}",
        f"{{{{ [1]|batch({LOTS}, 'x')|list }}}}",
        f"{{{{ [1]|batch(linecount={LOTS}, fill_with='x')|list }}}}",
        f"{{{{ [1]|slice({LOTS})|list }}}}",
        f"{{{{ [1]|slice(slices={LOTS})|list }}}}",
        f"{{{{ 'x'|center(width={LOTS}) }}}}",
        f"{{{{ 5|round(-{LOTS}) }}}}",
        f"{{{{ 5|round({LOTS}, 'ceil') }}}}",
        "{% set x = 'a' * 90000 %}{{ x|join(d=x) }}",
        "{% set x = 'a' * 90000 %}{{ x|slugify(replacements=[['a', x]]) }}",
        "{% set x = 'a-' * 90000 %}{{ x|slugify(separator=x) }}",
        "{% set x = 'ab,' * 9000000 %}{{ x.split(',')|length }}",
        "{% set x = 'ab\\n' * 9000000 %}{{ x.splitlines()|length }}",
        "{% set x = 'ab,' * 9000000 %}{{ x|sort|length }}",
        f"{{{{ {{'a': 1}}|jsonify({LOTS}) }}}}",
        f"{{{{ lipsum(n={LOTS}) }}}}",
        f"{{{{ random_ascii_string({LOTS}) }}}}",
        f"{{{{ (5).to_bytes({LOTS}, 'big') }}}}",
        "{% set x = 'a' * 90000 %}{{ x.replace('a', x) }}",
        "{% set x = 'a' * 90000 %}{{ x|replace('a', x) }}",
        "{% set x = 'a' * 90000 %}{{ x.join(x) }}",
        "{% set x = 'a' * 90000 %}{{ x|join(x) }}",
        "{% set x = 'a' * 90000 %}{{ x|wordwrap(1, wrapstring=x) }}",
        "{% set x = 'a' * 90000 %}{% for i in range(9999) %}{{ x }}{% endfor %}",
        "{% set x %}{% for i in range(99999) %}" + "text " * 300 + "{% endfor %}{% endset %}",
        "{% for a in [1] recursive %}"
        + "text " * 300
        + "{% if loop.depth < 3 %}{{ loop(range(99999)) }}{% endif %}{% endfor %}",
        "{% for a in [1] recursive %}{% if loop.depth < 9 %}{{ loop(range(99999)) }}{% endif %}{% endfor %}",
        "{{ ('%(a)s' * 90000) % {'a': 'a' * 90000} }}",
        "{{ ('%(a)s' * 90000)|format(a='a' * 90000) }}",
        "{% set x = 'a' * 90000 %}{{ x.replace('a', x|escape) }}",
        "{{ ('1' * 90000)|replace(1, 'a' * 90000) }}",
        "{{ ('a' * 90000).translate(['a' * 90000] * 98) }}",
        "{{ {}.fromkeys(range(9999), 'a' * 90000).values() }}",
        "{{ ''.join({}.fromkeys(range(9999), 'a' * 90000).values()) }}",
        "{{ namespace(a=['a' * 90000] * 90000) }}",
        "{% set x = 'a' * 90000 %}{% for i in range(9999) %}{% set y = x[1:] %}{% endfor %}",
        "{% set l = [] %}{% for i in range(9999) %}{% set _ = l.extend(range(99999)) %}{% endfor %}",
        "{{ ([range(999)|list] * 9999)|sum(start=[])|length }}",
        "{{ ('a' * 9999999)|wordwrap(1)|length }}",
        "{{ range(99999)|select('in', [1, 2])|list|length }}" * 2,
        "{% now 'utc', '%2000d' * 90000 %}",
        f"{{% now 'utc', '%{LOTS}d' %}}",
    ],
)
def test_a_template_that_asks_for_too_much_is_stopped(body: str) -> None:
    with pytest.raises(LimitError):
        baked({}, {"a.txt": body}, {}, steps=100_000)


@pytest.mark.parametrize(
    "body",
    [
        "{% set x %}{% for i in range(9999) %}{% include 'b.txt' %}{% endfor %}{% endset %}",
        "{% set x %}{% for i in range(9999) %}{% include ['none.txt', 'b.txt'] %}{% endfor %}{% endset %}",
        "{% import 'b.txt' as b %}{% set x %}{% for i in range(9999) %}{{ b }}{% endfor %}{% endset %}",
    ],
)
def test_an_included_text_counts_each_time(body: str) -> None:
    with pytest.raises(LimitError, match="characters of text"):
        baked({}, {"a.txt": body, "b.txt": "text" * 9999}, {})


def test_an_answer_that_goes_into_the_name_of_an_include_leaves_nothing_in_the_compiled_skeleton() -> None:
    files = {"a.txt": "{% include 'b' ~ cookiecutter.slashes ~ 'c.txt' %}", "b/c.txt": "text"}
    compiled = CompiledSkeleton(skeleton_of({"slashes": "/"}, files))

    for count in range(1, 20):
        bake(compiled, {"slashes": "/" * count})

    assert compiled.environment.cache is not None
    assert len(compiled.environment.cache) == 2


def test_an_endless_recursion_is_the_authors_error() -> None:
    with pytest.raises(Exception, match=r"a\.txt:1: .*endlessly"):
        rendered("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")


def test_the_deadline_holds_between_files_and_inside_them() -> None:
    with pytest.raises(LimitError, match=r"longer than 0\.05 s"):
        baked({}, {"a.txt": "{% for a in range(99999) %}{{ a * a }}{% endfor %}" * 9}, {}, seconds=0.05)
    with pytest.raises(LimitError, match="longer than 0 s"):
        baked({}, {"a.txt": "x"}, {}, seconds=0)


def test_what_a_bake_waits_for_requests_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 9))
    monkeypatch.setattr(metering, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr("scenedock.skeletons.rendering.bake.RIGHT_OF_WAY", SimpleNamespace(give_way=lambda: 9.0))

    assert len(baked({}, {f"{n}.txt": "" for n in range(9)}, {}, seconds=10).files) == 9


def test_the_result_is_bounded_in_bytes_and_in_files() -> None:
    with pytest.raises(LimitError, match="more than 9 bytes"):
        baked({}, {"a.txt": "12345", "b.txt": "12345"}, {}, output_bytes=9)
    with pytest.raises(LimitError, match="more than 3 files"):
        baked({}, {f"{n}.txt": "" for n in range(3)}, {}, files=3)


def test_a_limit_names_the_file() -> None:
    with pytest.raises(LimitError, match=r"demo/\{\{cookiecutter\.slug\}\}/a\.txt: "):
        rendered("{{ 'x' * 10 ** 9 }}")
