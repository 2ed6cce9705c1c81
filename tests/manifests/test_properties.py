"""What holds for any manifests, however strange."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from scenedock.manifests.comparing import compare
from scenedock.manifests.described import as_json
from scenedock.manifests.difference import ManifestDiff
from scenedock.manifests.markdown import as_markdown
from scenedock.manifests.rendered import Rendered
from scenedock.manifests.secrets import is_secret
from scenedock.manifests.text import as_text
from scenedock.model.addresses import REDACTED
from scenedock.model.json import JsonObject
from tests.manifests.flattened import differing, said
from tests.tools.strategies import json_objects, json_values, texts

_words = st.sampled_from("billing orders qa prod app data spec name".split())
_hostile = st.lists(
    st.sampled_from(
        ["```", "`", "\n", "@team", "<img src=x>", "[a](b)", "#12", "\r", "x", "~~~", "\x1b[31m", "\u202e"]
    ),
    max_size=6,
).map("".join)


@st.composite
def _manifests(draw: st.DrawFn, content: st.SearchStrategy[JsonObject] = json_objects) -> tuple[JsonObject, ...]:
    names = draw(st.lists(st.sampled_from("billing orders stock".split()), max_size=3, unique=True))
    return tuple(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": draw(content)}
        for name in names
    )


def _rendered(manifests: Sequence[JsonObject], service: str = "billing") -> list[Rendered]:
    return [Rendered("apps", service, "qa", tuple(manifests))]


def _everything(diff: ManifestDiff) -> str:
    return "\n".join([as_text(diff), as_markdown(diff), json.dumps(as_json(diff), ensure_ascii=False)])


@given(_manifests())
def test_nothing_differs_from_itself(manifests: tuple[JsonObject, ...]) -> None:
    diff = compare(_rendered(manifests), _rendered(copy.deepcopy(manifests)))
    assert (diff.blocks, diff.hidden, diff.compared) == ((), {}, 1)


@given(_manifests(), _manifests())
def test_every_leaf_that_differs_is_told(before: tuple[JsonObject, ...], after: tuple[JsonObject, ...]) -> None:
    diff = compare(_rendered(before), _rendered(after))
    told, differs = said(diff), differing(before, after)
    # Hypothesis knows our names of secrets: what is hidden is compared by its place alone.
    hidden = {path for path, both in differs.items() if any(is_secret(side, path[-1]) for side in both)}
    hidden |= {path for path, both in told.items() if REDACTED in str(both)}
    assert told.keys() == differs.keys()
    assert {path: told[path] for path in told.keys() - hidden} == {path: differs[path] for path in told.keys() - hidden}
    assert as_json(diff) == json.loads(json.dumps(as_json(diff)))


@given(st.dictionaries(_words, st.sampled_from(["canary-0", "canary-1"]), max_size=4), st.data())
def test_no_value_of_a_secret_is_anywhere(values: dict[str, str], data: st.DataObject) -> None:
    """In a Secret, in one inside a List, another object or a text, on one side or on both."""

    def draw() -> tuple[JsonObject, ...]:
        secret: JsonObject = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
        content = data.draw(st.sampled_from([values, {key: f"canary-{key}" for key in values}, "canary-text", None]))
        secret = {**secret, data.draw(st.sampled_from(["data", "stringData"])): content}
        inside: JsonObject = {
            "apiVersion": "x/v1",
            "kind": "Object",
            "metadata": {"name": "o"},
            "spec": {"manifest": secret},
        }
        listed: JsonObject = {"apiVersion": "v1", "kind": "List", "items": [secret]}
        text = data.draw(
            st.sampled_from([json.dumps(secret), json.dumps(secret, indent=1), "kind: Secret\na: canary-y"])
        )
        config: JsonObject = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "c", "annotations": {"a": text}},
        }
        return tuple(data.draw(st.lists(st.sampled_from([secret, inside, listed, config]), max_size=3)))

    assert "canary" not in _everything(compare(_rendered(draw()), _rendered(draw())))


@given(_hostile, _hostile, _manifests(st.dictionaries(texts | _hostile, json_values | _hostile, max_size=4)), _hostile)
def test_nothing_that_a_manifest_says_leaves_its_block(
    service: str, environment: str, manifests: tuple[JsonObject, ...], reason: str
) -> None:
    """Outside of fenced blocks there are only our own words, and code spans."""
    before = [
        Rendered("apps", service, environment, manifests[1:]),
        Rendered("apps", "x", environment, (), "y" + reason),
    ]
    after = [Rendered("apps", service, environment, manifests), Rendered("apps", "x", environment, ())]
    markdown = as_markdown(compare(before, after))

    fence, outside = "", []
    for line in markdown.split("\n"):
        if fence:
            fence = "" if line == fence else fence
        elif opening := re.fullmatch("(`{3,})(?:diff)?", line):
            fence = opening[1]
        else:
            outside.append(re.sub(r"(?<!`)(`+)(?!`)(?:.*?[^`])??\1(?!`)", "", line))
    assert fence == ""
    assert re.search(r"[^\w\s,.:;…']", "".join(outside)) is None
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", markdown + as_text(compare(before, after))) is None


@settings(max_examples=30)
@given(_manifests(), _manifests(), st.integers(500, 3000))
def test_markdown_is_never_longer_than_its_limit(
    before: tuple[JsonObject, ...], after: tuple[JsonObject, ...], limit: int
) -> None:
    many = [[Rendered("apps", f"s{n}", "qa", (*side, {"kind": f"K{n}"})) for n in range(9)] for side in (before, after)]
    assert len(as_markdown(compare(many[0], many[1]), limit).encode()) <= limit
