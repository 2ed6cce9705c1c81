"""Any values file, any sequence of edits: each changes what it says and nothing else; undone, they never happened."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scenedock.documents.reading import read_document
from scenedock.errors import InputError
from scenedock.gitops.values_edits import Undo, add_value, remove_value, set_value, undo

NAMES = ["a", "b", "image", "tag", "x.y", "yes", "8080", "1.5", "ü", "a b", "#", "-x", "o|p"]
WORDS = [
    "v1",
    "1.10",
    "",
    "yes",
    "~",
    "a: b",
    "# no",
    "it's",
    '"',
    "x\ny",
    "ä",
    "2024-01-01",
    "0x1F",
    "- a",
    "{",
    "&a",
    "*a",
]
SCALARS: list[Any] = [*WORDS, 1, 0, -1.5, True, False, None]


def values(random: Random, depth: int = 3) -> Any:
    """A value of a values file."""
    kind = random.choice(["scalar", "scalar", "mapping", "mapping", "list"]) if depth else "scalar"
    size = random.choice([0, 1, 2, 2, 3])
    if kind == "mapping":
        return {name: values(random, depth - 1) for name in random.sample(NAMES, size)}
    return [values(random, depth - 1) for _ in range(size)] if kind == "list" else random.choice(SCALARS)


def text_of(random: Random, value: Any, indent: str = "") -> str:
    """A value as a person might write it: what stands behind `key:`, with the line break at its end."""
    if value is None and random.random() < 0.5:
        return f"{noise(random)}\n"
    if not value or not isinstance(value, (dict, list)) or random.random() < 0.3:
        spaces = random.choice([" ", " ", "  "])
        return f"{spaces}{flow(random, value, indent)}{noise(random)}\n"
    below = indent + " " * random.choice([0, 2] if isinstance(value, list) and indent else [1, 2, 4])
    return f"{noise(random)}\n{block(random, value, below)}"


def block(random: Random, value: Any, indent: str) -> str:
    """A mapping or list in lines."""
    lines = ""
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        lines += random.choice(["", "", "", "\n", f"{indent}# {key}\n"])
        if isinstance(value, dict):
            lines += f"{indent}{json.dumps(key)}:{text_of(random, each, indent)}"
        elif isinstance(each, dict) and each and random.random() < 0.7:
            lines += f"{indent}- " + block(random, each, f"{indent}  ").lstrip("\n").removeprefix(f"{indent}  ")
        else:
            lines += f"{indent}-{text_of(random, each, indent + '  ')}"
    return lines


def flow(random: Random, value: Any, indent: str) -> str:
    """A value between brackets, or a scalar."""
    if not isinstance(value, (dict, list)):
        return scalar(random, value)
    gap = random.choice(["", " ", f"\n{indent}    ", f" # x\n{indent}    "]) if value else random.choice(["", "  "])
    comma = random.choice([", ", ",", f",\n{indent}    ", f", # y\n{indent}    "])
    entries = [
        f"{json.dumps(key)}: {flow(random, each, indent)}"
        for key, each in (value.items() if isinstance(value, dict) else ())
    ] or [flow(random, each, indent) for each in value]
    inside = gap + comma.join(entries) + random.choice(["", ",", " "] if value else [""])
    return f"{{{inside}}}" if isinstance(value, dict) else f"[{inside}]"


def scalar(random: Random, value: Any) -> str:
    if isinstance(value, str):
        plain = value.isalnum() and value.startswith("v")
        single = f"'{value.replace(chr(39), chr(39) * 2)}'"
        return random.choice([json.dumps(value), *([value] if plain else []), *([single] if "\n" not in value else [])])
    return random.choice(["null", "~"]) if value is None else json.dumps(value)


def noise(random: Random) -> str:
    return random.choice(["", "", "", " # why", "  # yes: no", " "])


def a_file(seed: int) -> tuple[Random, bytes]:
    """A values file, and what decides about its edits."""
    random = Random(seed)  # noqa: S311 - no secret
    value = {name: values(random) for name in random.sample(NAMES, 4)} if random.random() < 0.9 else {}
    text = random.choice(["", "# top\n", "---\n", "\n"]) + (
        block(random, value, "") if value else random.choice(["", "{}\n"])
    )
    text += random.choice(["", "# end\n", "\n\n", "---\nother: 1\n"])
    text = text.removesuffix("\n") if random.random() < 0.2 else text
    return random, random.choice(["", "\ufeff"]).encode() + text.replace(
        "\n", random.choice(["\n", "\n", "\r\n"])
    ).encode()


def paths(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """All that an edit may name in a value, and what is missing from it."""
    if isinstance(value, dict):
        inner = [each for key, below in value.items() for each in paths(below, (*path, key))]
        return [path, (*path, "new"), (*path, "new", "x.y"), *inner]
    if isinstance(value, list):
        inner = [each for at, below in enumerate(value) for each in paths(below, (*path, str(at)))]
        return [path, (*path, "-"), (*path, "-", "name"), *inner]
    return [path, (*path, "below")] if value is None else [path]


def in_path(keys: tuple[str, ...]) -> str:
    return ".".join(key.replace(".", "\\.").replace("|", "\\|") for key in keys)


def with_value(value: Any, keys: tuple[str, ...], new: Any) -> Any:
    """What is expected of an edit."""
    if not keys:
        return new
    if keys[0] == "-":
        return [*(value or []), with_value(None, keys[1:], new)]
    if isinstance(value, list):
        return [with_value(each, keys[1:], new) if str(at) == keys[0] else each for at, each in enumerate(value)]
    value = value or {}
    return {**value, keys[0]: with_value(value.get(keys[0]), keys[1:], new)}


def edited(random: Random, data: bytes, before: Any) -> tuple[bytes, Undo] | None:
    """The file with some edit of it, checked, and how it is undone; None if it was refused."""
    keys = random.choice([each for each in paths(before or {}) if each])
    new = random.choice([*SCALARS, {}, [], {"k": ["v1", {"l": 1}], "m": {}}])
    path = in_path(keys)
    edit = add_value if isinstance(new, (dict, list)) or random.random() < 0.7 else set_value
    try:
        after, back = edit(data, path, new, "v"), undo(data, path, "v")
    except InputError:
        return None
    assert json.dumps(read_document(after).value) == json.dumps(with_value(before, keys, new))
    return after, back


@given(st.integers(0, 2**32).map(a_file))
@settings(max_examples=60, deadline=None)
def test_edits_change_what_they_say_and_undone_nothing(file: tuple[Random, bytes]) -> None:
    random, original = file
    data, done = original, list[tuple[bytes, Undo]]()
    for _ in range(8):
        value = read_document(data).value
        if result := edited(random, data, value):
            done.append((data, result[1]))
            data = result[0]

    for before, back in reversed(done):
        if back.written is None:
            data = remove_value(data, back.path, "v")
        else:
            data = set_value(data, back.path, back.written, "v")
        assert data == before
    assert data == original


@given(st.integers(0, 2**32).map(a_file))
@settings(max_examples=30, deadline=None)
def test_what_was_added_can_be_removed_in_any_order(file: tuple[Random, bytes]) -> None:
    random, original = file
    value = read_document(original).value or {}
    assert isinstance(value, dict)
    mappings = [each[:-1] for each in paths(value) if each and each[-1] == "new"]
    data, added = original, list[str]()
    for number in range(5):
        keys = (*random.choice(mappings), f"new{number}")
        try:
            data = add_value(data, in_path((*keys, *random.choice([(), ("below",)]))), random.choice(SCALARS), "v")
        except InputError:
            continue
        added.append(in_path(keys))
    for path in random.sample(added, len(added)):
        data = remove_value(data, path, "v")

    assert data == original
