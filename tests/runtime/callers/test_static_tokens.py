"""The file of static tokens: what may be in it, and what is said of what may not, without any secret."""

from __future__ import annotations

import hashlib
import re

import pytest

from scenedock.errors import InputError
from scenedock.runtime.callers.static_tokens import StaticToken, read_static_tokens

SECRET = "ci-0123456789abcdef"  # noqa: S105 - a test's own


def test_static_tokens_are_listed_by_their_secret_or_its_digest() -> None:
    digest = hashlib.sha256(SECRET.encode()).digest()
    listed = f"""
tokens:
  - {{name: ci, token: {SECRET}, scope: run, actions: [propose-change]}}
  - {{name: portal, sha256: {hashlib.sha256(b"other").hexdigest()}, scope: read}}
"""
    tokens = read_static_tokens(listed.encode(), "tokens.yaml")

    assert tokens.find(digest) == StaticToken("ci", digest, "run", ("propose-change",))
    assert tokens.find(hashlib.sha256(b"other").digest()) == StaticToken(
        "portal", hashlib.sha256(b"other").digest(), "read"
    )
    assert tokens.find(hashlib.sha256(b"another").digest()) is None


def test_a_secret_has_at_least_sixteen_characters() -> None:
    assert read_static_tokens(f"tokens: [{{name: ci, token: {'x' * 16}, scope: run}}]".encode(), "t").tokens

    with pytest.raises(InputError, match="must be text of at least 16 characters"):
        read_static_tokens(f"tokens: [{{name: ci, token: {'x' * 15}, scope: run}}]".encode(), "t")


def test_all_that_is_wrong_with_the_list_of_tokens_is_said_at_once_and_no_secret_of_it() -> None:
    listed = f"""
tokens:
  - {{name: a b, token: {SECRET}, scope: run}}
  - {{name: b, token: {SECRET}, scope: root}}
  - {{name: c, token: hunter2, scope: run}}
  - {{name: d, token: {SECRET}, sha256: '{"0" * 64}', scope: run}}
  - {{name: e, sha256: XY, scope: run}}
  - {{name: f, token: {SECRET}, scope: run, scoop: 1}}
  - {{name: g, token: {SECRET}, scope: run}}
  - {{name: g, token: {SECRET}, scope: run}}
  - just text
  - {{name: h, token: {SECRET}, scope: run, actions: []}}
  - {{name: i, token: {SECRET}, scope: run, actions: propose-change}}
"""
    with pytest.raises(InputError) as refused:
        read_static_tokens(listed.encode(), "tokens.yaml")

    lines = str(refused.value).splitlines()
    assert [re.split(": must|; there are", line)[0] for line in lines] == [
        "tokens.yaml:3:6: tokens[0].name",
        f"tokens.yaml:4:{len(SECRET) + 24}: tokens[1].scope",
        "tokens.yaml:5:15: tokens[2].token",
        "tokens.yaml:6:5: tokens[3]: set either `token` or `sha256`",
        "tokens.yaml:7:15: tokens[4].sha256",
        f"tokens.yaml:8:{len(SECRET) + 36}: tokens[5].scoop: there is no such key here (did you mean scope?)",
        "tokens.yaml:10:6: tokens[7].name: is the same as that of tokens[6]; names must differ",
        "tokens.yaml:11:5: tokens[8]",
        f"tokens.yaml:12:{len(SECRET) + 36}: tokens[9].actions",
        f"tokens.yaml:13:{len(SECRET) + 36}: tokens[10].actions",
    ]
    assert SECRET not in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        (b"", "1:1: tokens: must list tokens, `tokens: [{name: ci, "),
        (b"tokens: []", "1:1: tokens: must list tokens"),
        (b"\ntokens: {", "3:1: this is not YAML"),
        (b"- a", "1:1: the document: must be an object"),
        (b"tokens: [{token: 0123456789abcdef}]", "1:10: tokens[0].name: must have letters"),
    ],
)
def test_a_file_without_tokens_is_refused(listed: bytes, said: str) -> None:
    with pytest.raises(InputError) as refused:
        read_static_tokens(listed, "tokens.yaml")

    assert str(refused.value).startswith(f"tokens.yaml:{said}")
