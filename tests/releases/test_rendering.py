"""What rendered manifests prove of the images in them."""

from __future__ import annotations

from typing import Any

import pytest

from scenedock.documents.reading import read_document
from scenedock.model.json import JsonObject, as_object
from scenedock.releases.deployed import Deployed, Layer
from scenedock.releases.images import Image, images_in
from scenedock.releases.release import Release
from scenedock.releases.rendering import images_of, is_deployed, marked, own_image

ONE, TWO = Image("acme/one", "1.0.0", ("one",), "image.tag"), Image("acme/two", "2.0.0", ("two",), "image.tag")
MARKS = {"-one": ONE, "-two": TWO}


def workload(name: str, *containers: tuple[str, str], kind: str = "Deployment", **pod: Any) -> JsonObject:
    """A workload; each container has a name and the end of its image."""
    listed = [{"name": container, "image": f"acme/x:1{end}"} for container, end in containers]
    template = {"spec": {"containers": listed, **pod.pop("spec", {})}, **pod}
    spec = {"jobTemplate": {"spec": {"template": template}}} if kind == "CronJob" else {"template": template}
    return as_object({"kind": kind, "metadata": {"name": name}, "spec": spec})


DEFAULT = {"annotations": {"kubectl.kubernetes.io/default-container": "b"}}


@pytest.mark.parametrize(
    ("manifests", "chosen"),
    [
        ([workload("x", ("a", "-one"))], ONE),
        ([workload("x", ("a", "-one")), workload("y", ("a", "-two"), kind="CronJob")], ONE),
        ([workload("x", ("a", "-two"), kind="CronJob")], TWO),
        ([workload("billing", ("a", "-one")), workload("y", ("a", "-two"))], ONE),
        ([workload("billing", ("billing", "-two"), ("proxy", "-one"))], TWO),
        ([workload("billing", ("a", "-two"), ("b", "-one"), metadata=DEFAULT)], ONE),
        ([workload("x", ("a", "-two"), spec={"initContainers": [{"name": "i", "image": "acme/x:1-one"}]})], TWO),
        ([{"kind": "List", "items": [workload("x", ("a", "-one"))]}], ONE),
        ([{"kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": [{"image": "x:1-two"}]}}], TWO),
        ([workload("billing", ("a", "-one"), ("b", "-two"))], None),
        ([workload("x", ("a", "-one")), workload("y", ("a", "-two"))], None),
        ([workload("x", ("a", "-three"))], None),
        ([], None),
    ],
)
def test_the_own_image_is_in_the_main_container_of_the_own_workload(
    manifests: list[JsonObject], chosen: Image | None
) -> None:
    assert own_image(manifests, MARKS, {"billing"}).image == chosen


def test_where_two_may_be_its_own_both_places_are_named() -> None:
    manifests = [workload("billing", ("a", "-one"), ("b", "-two"))]
    said = "rendered, 1.0.0 in a of Deployment billing and 2.0.0 in b of Deployment billing"
    assert own_image(manifests, MARKS, {"billing"}).reason == said
    assert own_image([], MARKS, {"billing"}).reason == "rendered, none of them is in a container"


def test_of_own_workloads_that_counts_which_is_called_like_the_release() -> None:
    manifests = [workload("cache", ("a", "-one")), workload("cache-proxy", ("b", "-two"))]
    names = {"cache", "cache-proxy"}

    assert own_image(manifests, MARKS, names).image is None
    assert own_image(manifests, MARKS, names, "cache").image == MARKS["-one"]
    assert own_image(manifests, MARKS, names, "other").image is None


@pytest.mark.parametrize(
    ("written", "merged"),
    [
        ("image: {repository: a/b, tag: 1.2.0}", {"image": {"repository": "a/b", "tag": "1.2.0-scenedock.0"}}),
        ("image: {repository: a/b, tag: 1.20}", {"image": {"repository": "a/b", "tag": "1.2-scenedock.0"}}),
        ("image: r.test:5000/a/b:1.0\nx: 1", {"image": "r.test:5000/a/b:1.0-scenedock.0"}),
        (
            "list: [{z: 1}, {image: {repository: a, tag: x}}]",
            {"list": [{"z": 1}, {"image": {"repository": "a", "tag": "x-scenedock.0"}}]},
        ),
        (
            "image: {repository: a, digest: 'sha256:ff', tag: ''}",
            {"image": {"repository": "a", "tag": "", "digest": f"sha256:{0:064}"}},
        ),
        (f"image: 'a/b:1@sha256:{1:064}'", {"image": f"a/b:1@sha256:{0:064}"}),
    ],
)
def test_a_mark_has_the_form_of_the_tag_and_changes_nothing_else(written: str, merged: Any) -> None:
    values = as_object(read_document(written.encode()).value)
    deployed = Deployed("billing", None, "apps", frozenset(), (Layer("values.yaml", values, lambda _keys: 1),))
    (image,) = images_in(values)

    changed, marks = marked(deployed, [image])

    assert changed == merged
    assert list(marks.values()) == [image]
    assert [end for end in marks if str(merged).count(end) == 1]


@pytest.mark.parametrize(
    ("version", "image", "rendered", "is_so"),
    [
        ("1.0.0", "acme/billing", "acme/billing:1.0.0", True),
        ("1.0.0", "acme/billing", "registry.test:5000/acme/billing:1.0.0", True),
        ("1.0.0", "registry.test", "registry.test/billing:1.0.0", True),
        ("1.0.0", "", "acme/billing:1.0.0", True),
        ("3.30.7", "acme/billing", "acme/billing:v3.30.7", True),
        ("1.0.0", "acme/billing", "acme/billing:1.0.0@sha256:ff", True),
        ("sha256:ff", "acme/billing", "acme/billing@sha256:ff", True),
        ("1.0.0", "acme/billing", "acme/billing:1.0.0-1", False),
        ("1.0.0", "acme/billing", "acme/other:1.0.0", False),
        ("latest", "acme/billing", "acme/billing", False),
    ],
)
def test_a_version_is_deployed_where_an_image_of_its_repository_has_it(
    version: str, image: str, rendered: str, *, is_so: bool
) -> None:
    release = Release("billing", None, "apps", version=version, image=image)
    assert is_deployed(release, ["acme/sidecar:9", rendered]) == is_so


def test_images_are_found_in_every_kind() -> None:
    manifests: Any = [workload("x", ("a", "-one")), {"kind": "Kafka", "spec": {"zookeeper": {"image": "acme/z:3"}}}]
    assert list(images_of(manifests)) == ["acme/x:1-one", "acme/z:3"]
