"""Answers are checked first: everything that is wrong, at once, by question."""

from __future__ import annotations

from typing import Any

import pytest

from scenedock.skeletons.problems import AnswersError, SkeletonError
from tests.skeletons.in_memory import baked, rendered

QUESTIONS: dict[str, Any] = {
    "name": "x",
    "port": 8080,
    "ratio": 0.5,
    "docker": True,
    "ci": ["github", "gitlab"],
    "size": [1, 2],
    "labels": {"on": True, "deep": {"off": False}},
    "nothing": None,
    "_private": "p",
    "__dunder": "d",
    "_scenedock": {
        "questions": {
            "name": {"pattern": "^[a-z-]+$", "minLength": 2, "maxLength": 8, "required": True},
        }
    },
}


def problems(**answers: Any) -> dict[str, str]:
    with pytest.raises(AnswersError) as caught:
        baked(QUESTIONS, {"a.txt": ""}, answers)
    return {problem.question: problem.message for problem in caught.value.problems}


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = problems(nope=1, port="http", docker="perhaps", ci="travis", labels=[], _private="x", __dunder="y")

    assert wrong == {
        "nope": f"there is no such question; the skeleton asks for: {', '.join(['slug', *list(QUESTIONS)[:8]])}",
        "_private": "this is a private variable of the skeleton, not a question",
        "__dunder": "this is a private variable of the skeleton, not a question",
        "name": "this question requires an answer",
        "port": "'http' is not a whole number",
        "docker": "'perhaps' is neither true nor false",
        "ci": "'travis' is not one of github, gitlab",
        "labels": "[] is not an object",
    }


def test_the_message_has_one_line_for_each() -> None:
    with pytest.raises(AnswersError) as caught:
        baked(QUESTIONS, {"a.txt": ""}, {"name": "A", "port": None})

    assert str(caught.value).splitlines() == [
        "Invalid answers:",
        "  name: 'A' is shorter than 2 characters",
        "  port: None is not a whole number",
    ]


@pytest.mark.parametrize(
    ("question", "answer", "message"),
    [
        ("name", "", "the answer must not be empty"),
        ("name", "   ", "the answer must not be empty"),
        ("name", "toolongname", "'toolongname' is longer than 8 characters"),
        ("name", "A b", r"'A b' does not match `^[a-z-]+$`"),
        ("name", 7, "7 is not text; put it in quotes"),
        ("name", True, "True is not text"),
        ("name", None, "None is not text"),
        ("name", ["x"], "['x'] is not text"),
        ("slug", "x" * 10_001, f"'{'x' * 56}… is longer than 10000 characters"),
        ("slug", "\ud800", "the text contains half of a surrogate pair, which can't be written as UTF-8"),
        ("port", 1.5, "1.5 is not a whole number"),
        ("port", True, "True is not a whole number"),
        ("port", "1e3", "'1e3' is not a whole number"),
        ("docker", 1, "1 is neither true nor false"),
        ("size", True, "True is not one of 1, 2"),
        ("size", [1, 2], "[1, 2] is not one of 1, 2"),
        ("labels", {"on": "perhaps"}, "labels.on is neither true nor false"),
        ("labels", {"deep": {"off": "perhaps"}}, "labels.deep.off is neither true nor false"),
        ("labels", {1: "x"}, "the key 1 is not text; put it in quotes"),
        ("labels", {"x": "y" * 10_001}, "it contains a text that is longer than 10000 characters"),
        ("labels", {"x": {1, 2}}, "a value of type set is not JSON; put it in quotes"),
        ("nothing", 1, "1 is not text; put it in quotes"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(question: str, answer: Any, message: str) -> None:
    answers = {"name": "good", question: answer}

    assert problems(**answers) == {question: message}


def test_an_object_may_be_only_so_deep() -> None:
    deep: Any = "x"
    for _ in range(30):
        deep = {"k": deep}

    assert problems(name="good", labels=deep) == {"labels": "it is nested more than 20 levels deep"}


@pytest.mark.parametrize(
    ("question", "answer", "value"),
    [
        ("port", 9090, "9090"),
        ("port", "-7", "-7"),
        ("port", "007", "007"),
        ("ratio", 2.5, "2.5"),
        ("ratio", 1, "1"),
        ("ratio", "1.10", "1.10"),
        ("docker", " No ", "False"),
        ("docker", False, "False"),
        ("size", 2, "2"),
        ("size", "2", "2"),
        ("nothing", None, "None"),
        ("nothing", "x", "x"),
        ("labels", {"on": "no", "new": [1, None]}, "{'on': False, 'deep': {'off': False}, 'new': ['1', None]}"),
    ],
)
def test_an_answer_that_fits_becomes_what_cookiecutter_makes_of_it(question: str, answer: Any, value: str) -> None:
    questions = {name: raw for name, raw in QUESTIONS.items() if name != "_scenedock"}

    assert rendered(f"{{{{ cookiecutter.{question} }}}}", questions, **{question: answer}) == value


def test_choices_that_depend_on_an_answer_are_checked_when_it_is_known() -> None:
    questions = {"owner": "me", "license": ["MIT", "None of {{ cookiecutter.owner }}"]}

    assert rendered("{{ cookiecutter.license }}", questions, owner="you", license="None of you") == "None of you"
    with pytest.raises(AnswersError, match="'None of me' is not one of MIT, None of you"):
        rendered("", questions, owner="you", license="None of me")


def test_a_pattern_takes_linear_time() -> None:
    rules = {"questions": {"name": {"pattern": "^(a+)+$"}}}

    with pytest.raises(AnswersError, match="does not match"):
        baked({"name": "a", "_scenedock": rules}, {"a.txt": ""}, {"name": "a" * 9_000 + "!"})


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (0, "0 is less than 1"),
        ("-5", "'-5' is less than 1"),
        (11, "11 is more than 10"),
        ("9" * 5_000, "is more than 10"),
        (f"-{'9' * 5_000}", "is less than 1"),
        ("many", "'many' is not a whole number"),
    ],
)
def test_a_number_is_within_its_bounds(answer: Any, message: str) -> None:
    questions = {"replicas": 2, "_scenedock": {"questions": {"replicas": {"minimum": 1, "maximum": 10}}}}

    with pytest.raises(AnswersError) as caught:
        baked(questions, {"a.txt": ""}, {"replicas": answer})

    assert message in caught.value.problems[0].message
    for right in (1, "10", "+3"):
        assert rendered("{{ cookiecutter.replicas }}", questions, replicas=right) == str(right)


@pytest.mark.parametrize(("bounds", "wrong"), [({"minimum": 5}, 4), ({"maximum": 5}, 6)])
def test_a_number_may_have_one_bound(bounds: dict[str, int], wrong: int) -> None:
    questions = {"replicas": 5, "_scenedock": {"questions": {"replicas": bounds}}}

    assert rendered("{{ cookiecutter.replicas }}", questions, replicas=5) == "5"
    with pytest.raises(AnswersError):
        baked(questions, {"a.txt": ""}, {"replicas": wrong})


def test_two_answers_may_have_to_differ() -> None:
    rules = {"questions": {"service": {"differsFrom": "library"}}}
    questions = {"service": "billing", "library": "workload", "_scenedock": rules}

    for answers in ({"service": "workload"}, {"library": "billing"}, {"service": "a", "library": "a"}):
        with pytest.raises(AnswersError) as caught:
            baked(questions, {"a.txt": ""}, answers)
        assert "is the answer to `library`, too; they must differ" in caught.value.problems[0].message
    assert rendered("{{ cookiecutter.service }}", questions, service="a", library="b") == "a"


def test_a_question_can_only_differ_from_another_question() -> None:
    questions = {"service": "billing", "_scenedock": {"questions": {"service": {"differsFrom": "libary"}}}}

    with pytest.raises(SkeletonError, match="names 'libary', which is not a question"):
        baked(questions, {"a.txt": ""}, {})
