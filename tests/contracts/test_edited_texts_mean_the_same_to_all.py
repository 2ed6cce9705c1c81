"""A text that an edit writes is this text to PyYAML (YAML 1.1), to npm's `yaml` (YAML 1.2, and its 1.1) and to Helm."""

from __future__ import annotations

from random import Random

import yaml

from scenedock.documents.reading import read_document
from scenedock.gitops.values_edits import add_value, set_value
from tests.tools.judge import read_with_backstage
from tests.tools.strategies import MISREAD

TEXTS = [
    *MISREAD,
    *"2024-01-01 2024-1-1 12:30:45 1:2 8080:59 190:20:30.15 1234e567 71e10001 1e3 0x1F".split(),
    *"0o17 017 0b1 1_000 1_0.5 1:2:3".split(),
    *".5 +1 -1 5. 1.5. ~ yes No ON off y N true NULL nan .inf = << < 1.4.0 v1 1.10 sha256:1 a:b".split(),
    *"089 0x 1e 0_1 __".split(),
    *"2024-01-01T10:00:00Z 2024-01-01-x 2001-12-14t21:59:43.10-05:00 /a //".split(),
]


def like_numbers() -> list[str]:
    """Texts of the signs that numbers, times and dates are made of."""
    random = Random(1)  # noqa: S311 - no secret
    return ["".join(random.choices("0123456789012345eExX_.:-+TZbo", k=random.randint(1, 10))) for _ in range(4000)]


def test_a_text_is_read_as_this_text_by_every_reader() -> None:
    texts = sorted({*TEXTS, *like_numbers()})
    lines = [set_value(b"t: x\n", "t", text, "v").decode().removeprefix("t: ") for text in texts]
    flow = add_value(b"list: [x]\n", "all", texts, "v").decode().partition("all:")[2]

    for text in ("".join(f"- {line}" for line in lines), flow):
        assert yaml.safe_load(text) == texts
        assert read_document(text.encode()).value == texts
        assert read_with_backstage(text) == [texts]
    assert yaml.safe_load("".join(f"{line[:-1]}: 1\n" for line in lines)) == dict.fromkeys(texts, 1)


def test_quotes_are_only_where_a_reader_needs_them() -> None:
    plain = [
        "v1",
        "1.4.0",
        "main-1a2b3c4",
        "sha256:12ab",
        "acme/billing",
        "registry.acme.example:5000/a",
        "/",
        "1.4.0-rc.1",
    ]

    assert [set_value(b"t: x\n", "t", text, "v").decode() for text in plain] == [f"t: {text}\n" for text in plain]
