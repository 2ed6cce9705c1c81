"""The images in values, and the path of what sets each tag."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenedock.documents.merging import merge_values
from scenedock.documents.reading import read_document
from scenedock.model.json import Json, JsonObject, as_object
from scenedock.releases.images import images_in, without_images

KEYS = st.sampled_from(
    ["a", "b", "env", "global", "image", "images", "webImage", "imageTag", "tag", "repository", "name", "version"]
)
SCALARS = st.sampled_from([None, "", "1.0.0", "acme/billing", "acme/billing:1.0.0", 1.2, True])


def containers(below: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.dictionaries(KEYS, below, max_size=4) | st.lists(below, max_size=3)


VALUES = st.dictionaries(KEYS, st.recursive(SCALARS, containers, max_leaves=12), max_size=4)


@given(st.lists(VALUES, min_size=1, max_size=3))
def test_what_names_no_image_changes_nothing_wherever_it_is_merged(layers: list[JsonObject]) -> None:
    none: JsonObject = {}
    merged = reduce(merge_values, layers, none)
    without = frozenset[int]().union(*map(without_images, layers))
    assert list(images_in(merged, without)) == list(images_in(merged))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("image: {repository: acme/billing, tag: 1.2.0}", [("acme/billing", "1.2.0", "image.tag", "image.tag")]),
        ("image: {repository: acme/billing, tag: 1.20}", [("acme/billing", "1.2", "image.tag", "image.tag")]),
        ("image: {repository: acme/billing, tag: ''}", [("acme/billing", "", "image.tag", "image.tag")]),
        ("image: {registry: r.test, repository: a/b, tag: x}", [("r.test/a/b", "x", "image.tag", "image.tag")]),
        ("image: {repository: r.test, name: b, tag: x}", [("r.test/b", "x", "image.tag", "image.tag")]),
        ("web: {image: {repository: a/b, tag: x}}", [("a/b", "x", "web.image.tag", "<x>.image.tag")]),
        ("image: r.test:5000/a/b:1.0", [("r.test:5000/a/b", "1.0", "image", "image: repo:tag")]),
        ("image: {repository: 'a/b:1.0'}", [("a/b", "1.0", "image.repository", "image: repo:tag")]),
        ("image: a/b\nversion: 1.0.0", [("a/b", "1.0.0", "version", "version beside image")]),
        ("image: a/b\ntag: v1", [("a/b", "v1", "tag", "tag beside image")]),
        ("imageTag: v1\nimageRepository: a/b", [("a/b", "v1", "imageTag", "imageTag")]),
        ("images: [{repository: a/b, tag: x}]", [("a/b", "x", "images.0.tag", "tag in a list")]),
        ("global: {image: {repository: a/b, tag: x}}", [("a/b", "x", "global.image.tag", "global")]),
        (
            "image: {repository: a/b, digest: 'sha256:00', tag: ''}",
            [("a/b", "sha256:00", "image.digest", "image.digest")],
        ),
        ("image: {repository: a/b, tag: '{{ .x }}'}", [("a/b", "", "image.tag", "image.tag")]),
        ("logo: {image: /static/logo.png}\nversion: 1.0.0", []),
        ("image: '{{ .Values.other }}'", []),
        ("tag: frontend\nport: 80", []),
    ],
)
def test_each_shape_has_a_repository_a_tag_and_a_path(values: str, expected: list[tuple[str, str, str, str]]) -> None:
    found = images_in(as_object(read_document(values.encode()).value))
    assert [(each.repository, each.tag, ".".join(map(str, each.keys)), each.shape) for each in found] == expected
