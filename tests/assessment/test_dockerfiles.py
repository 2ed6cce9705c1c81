"""Dockerfiles and Docker Compose, as their authors write them."""

from __future__ import annotations

import pytest

from scenedock.assessment.dockerfiles import instructions
from tests.assessment.looking import assessment, said


def test_instructions_go_over_lines_comments_and_here_documents() -> None:
    text = '# a\nFROM a:1 \\\n# b\n  AS x\nRUN <<END\nUSER root\nEND\nuser 7\n\nCMD ["a"]\n'

    assert [(each.word, each.line) for each in instructions(text)] == [
        ("FROM", 2),
        ("RUN", 5),
        ("USER", 8),
        ("CMD", 10),
    ]


def test_the_escape_may_be_another_one() -> None:
    assert [each.word for each in instructions("# escape=`\nFROM a:1\nRUN dir `\n c:\\\nUSER x\n")] == [
        "FROM",
        "RUN",
        "USER",
    ]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("FROM ruby\nUSER 7\n", ["image-moves"]),
        ("FROM ruby:latest\nUSER 7\n", ["image-moves"]),
        ("FROM ruby@sha256:ab\nUSER 7\n", []),
        ("ARG A=3.4\nFROM ruby:$A\nUSER root\n", ["image-as-root"]),
        ("FROM ruby:3 AS a\nUSER 7\nFROM a\n", []),
        ("FROM ruby:3 AS a\nUSER 7\nFROM ruby:3\n", ["image-as-root"]),
        ("FROM gcr.io/distroless/java21:nonroot\n", []),
        ("FROM $IMAGE\n", []),
        ("FROM ruby:3\nUSER 7\nVOLUME /a /b\n", ["image-volume"]),
        ("FROM ruby:3\nUSER 7\nENTRYPOINT /usr/bin/supervisord -n\n", ["several-processes"]),
        ('FROM ruby:3\nUSER 7\nCMD ["supervisord"]\nCMD ["puma"]\n', []),
        ("RUN nothing\n", []),
    ],
)
def test_the_last_stage_and_those_below_it_count(text: str, rules: list[str]) -> None:
    found = [rule for rule, _, _ in said({"Dockerfile": text}) if rule != "dockerfile"]

    assert found == rules


def test_ports_and_the_health_check_are_answers() -> None:
    text = "FROM a:1\nEXPOSE 8080/tcp $X\nHEALTHCHECK CMD curl http://localhost:8080/healthz\n"

    answers = assessment({"Dockerfile": text}).answers

    assert (answers["port"].value, answers["health_path"].value) == ("8080", "/healthz")


def test_the_backing_services_of_compose_have_the_lines_of_their_images() -> None:
    text = "services:\n  db:\n    restart: always\n    image: docker.io/postgres:16\n  web:\n    privileged: true\n"

    assert said({"compose.yaml": text}) == [
        ("host-access", "compose.yaml:6", "web is privileged"),
        ("compose", "compose.yaml:4", "the service db is PostgreSQL (docker.io/postgres:16)"),
        ("compose", "compose.yaml:5", "the service web"),
    ]


def test_a_file_of_compose_that_is_no_yaml_is_a_finding() -> None:
    problems = assessment({"compose.yaml": "services: [\n", "Gemfile": ""}).problems

    assert [(each.code, each.place.path) for each in problems] == [("unreadable-file", "compose.yaml")]
