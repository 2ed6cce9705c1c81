"""Hooks are rendered scripts: no answer becomes code in one."""

from __future__ import annotations

import pytest

from scenedock.skeletons.problems import AnswersError, SkeletonError
from scenedock.skeletons.rendering.bake import Surroundings, mix
from scenedock.skeletons.rendering.compiled import CompiledSkeleton
from scenedock.skeletons.rendering.needs import check_hook_values
from scenedock.skeletons.sandbox.metering import BakeBudget, BakeLimits
from tests.skeletons.in_memory import skeleton_of

QUESTIONS = {
    "name": "x",
    "made": "{{ cookiecutter.name }}",
    "__made": "{{ cookiecutter.name }}",
    "map": {"key": "{{ cookiecutter.name }}"},
    "choice": ["a", "it's {{ cookiecutter.name }}", "it's (fixed)"],
    "fixed": "it's (the author's)",
    "_private": "it's (too)",
}
CODE = [
    "'; import os; x = '",
    'a"b',
    "a\\",
    "a\nb",
    "$(id)",
    "`id`",
    "x; id",
    "x|y",
    "-rf",
    "a/../b",
    "f()",
    "a{b",
    "<x",
]


def check(hook: str, **answers: str) -> None:
    files = {"/hooks/post_gen_project.py": hook, "/templates/part.txt": "{{ cookiecutter.name }}"}
    compiled = CompiledSkeleton(skeleton_of(QUESTIONS, files))
    check_hook_values(mix(compiled, answers, Surroundings(), BakeBudget(BakeLimits())))


@pytest.mark.parametrize("answer", CODE)
@pytest.mark.parametrize(
    "expression",
    [
        "cookiecutter.name",
        "cookiecutter['name']",
        "cookiecutter.name|upper",
        "_cookiecutter.name",
        "cookiecutter.made",
        "cookiecutter.__made",
        "cookiecutter.map.key",
        "cookiecutter|jsonify",
        "cookiecutter[('na' ~ 'me')]",
        "cookiecutter.get('name')",
        "cookiecutter.values()|first",
        "[cookiecutter][0].name",
        "slug }}{% set c = cookiecutter %}{{ c.name",
        "slug }}{% include 'part.txt' %}{{ cookiecutter.slug",
    ],
)
def test_an_answer_that_reaches_a_hook_has_only_harmless_characters(expression: str, answer: str) -> None:
    with pytest.raises(AnswersError, match=r"hooks/post_gen_project\.py uses this value in its code"):
        check(f"x = '{{{{ {expression} }}}}'", name=answer)


@pytest.mark.parametrize(
    "answer", ["", "plain", "Größe 1.0", "a-b_c", "me@example.org", "https://example.org/x", "a=b:c,d"]
)
def test_ordinary_answers_may_reach_a_hook(answer: str) -> None:
    check("x = '{{ cookiecutter.name }}'", name=answer)


@pytest.mark.parametrize("expression", ["cookiecutter.fixed", "cookiecutter._private", "cookiecutter.slug"])
def test_what_the_author_wrote_is_the_authors_business(expression: str) -> None:
    check(f"x = '{{{{ {expression} }}}}'", name="it's (free) here")


def test_a_mistake_in_a_hook_has_its_line() -> None:
    with pytest.raises(SkeletonError, match=r"demo/hooks/post_gen_project\.py:2: "):
        check("x\n{{ .x }}")


def test_a_choice_made_of_an_answer_is_looked_at() -> None:
    with pytest.raises(AnswersError, match="choice: "):
        check("x = '{{ cookiecutter.choice }}'", choice="it's {{ cookiecutter.name }}")
