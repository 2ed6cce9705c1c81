"""The images that values name, each with the path of what sets its tag: the shapes that charts have for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from scenedock.documents.encryption import CIPHERTEXT
from scenedock.documents.scalars import HELM
from scenedock.model.json import Json, JsonObject, as_object, as_text

Keys = tuple[str | int, ...]

_SEPARATORS = re.compile(r"[-_. ]")
_REFERENCE = re.compile(r"[a-z0-9][a-zA-Z0-9._/:-]*(?:@sha256:[0-9a-f]{64})?")
_PICTURE = re.compile(r"\.(?:gif|ico|jpe?g|png|svg|webp)$")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(?:@sha256:[0-9a-f]{64})?")
_TAG_KEYS = ("tag", "imagetag", "imageversion", "dockertag", "version")
GLOBAL: Final = "global"
"""The key of values that Helm hands to all charts below, too."""
_REPOSITORY_KEYS = ("repository", "repo", "imagerepository", "imagename", "name")


@dataclass(frozen=True, slots=True)
class Image:
    """An image in values: `keys` lead to what sets its tag, or would. `tag` is empty where nothing does.

    `is_odd` says that something is there, but no tag: text that a template would still change, or that no image has.
    """

    repository: str
    tag: str
    keys: Keys
    shape: str
    is_odd: bool = False

    @property
    def name(self) -> str:
        """The last part of its repository."""
        return self.repository.rpartition("/")[2]

    @property
    def prefix(self) -> str:
        """Its registry and owner."""
        return self.repository.rpartition("/")[0]


def images_in(values: JsonObject) -> Iterator[Image]:
    """The images in merged values, in their order; text that a template would still change names no image."""
    for image in _in_mapping(values, (), ""):
        if any(isinstance(key, int) for key in image.keys):
            yield replace(image, shape="tag in a list")
        elif image.keys[0] == GLOBAL:
            yield replace(image, shape=GLOBAL)
        else:
            yield image


def _in_mapping(value: JsonObject, keys: Keys, name: str) -> Iterator[Image]:
    """The images that a mapping under a key of this name describes, and those below it."""
    words = {_word(key): key for key in reversed(list(value))}
    own = _described(value, words, keys, is_image=_word(name).endswith(("image", "images")))
    if own:
        yield own
    used = set(own.keys[-1:]) if own else set()
    for key, below in value.items():
        path = (*keys, key)
        if isinstance(below, str) and _word(key).endswith("image") and not (own and key in used):
            if image := _written(below, path, value, words):
                used.add(image.keys[-1])
                yield image
        elif isinstance(below, dict):
            yield from _in_mapping(below, path, key)
        elif isinstance(below, list):
            for number, item in enumerate(below):
                yield from _in_mapping(as_object(item), (*path, number), key)
    for word in _TAG_KEYS[1:4]:
        tag_key = words.get(word)
        if tag_key and tag_key not in used and _text(value[tag_key]):
            yield Image(_repository(value, words), _text(value[tag_key]), (*keys, tag_key), "imageTag")


def _described(value: JsonObject, words: dict[str, str], keys: Keys, *, is_image: bool) -> Image | None:
    """The image of a mapping `{repository, tag}`, at whatever key."""
    tag_key = words.get("tag")
    if tag_key is None and not is_image:
        return None
    repository = _repository(value, words)
    if tag_key is not None and _is_scalar(value[tag_key]) and (repository or is_image):
        shape = "image.tag" if len(keys) < 2 else "<x>.image.tag"
        digest = words.get("digest")
        if not _text(value[tag_key]) and digest and _text(value[digest]).startswith("sha256:"):
            return Image(repository, _text(value[digest]), (*keys, digest), "image.digest")
        tag = _text(value[tag_key])
        return Image(repository, tag, (*keys, tag_key), shape, is_odd=not tag and bool(value[tag_key]))
    key = next((words[word] for word in _REPOSITORY_KEYS if word in words), None)
    if is_image and repository and key is not None:
        plain, tag = split_reference(repository)
        return Image(plain, tag, (*keys, key), "image: repo:tag")
    return None


def _written(text: str, keys: Keys, value: JsonObject, words: dict[str, str]) -> Image | None:
    """The image of `image: repo:tag`, or of `image: repo` with its tag or version beside it."""
    if text.startswith(CIPHERTEXT):
        return Image("", "", keys, "image", is_odd=True)
    if not _REFERENCE.fullmatch(text.strip()) or _PICTURE.search(text):
        return None
    repository, tag = split_reference(text.strip())
    if tag:
        return Image(repository, tag, keys, "image: repo:tag")
    for word in _TAG_KEYS:
        key = words.get(word)
        if key is not None and _text(value[key]):
            shape = "version beside image" if word == "version" else "tag beside image"
            return Image(repository, _text(value[key]), (*keys[:-1], key), shape)
    return Image(repository, "", keys, "image")


def _repository(value: JsonObject, words: dict[str, str]) -> str:
    repository = next((text for word in _REPOSITORY_KEYS if (text := as_text(value.get(words.get(word, ""))))), "")
    registry, name = as_text(value.get(words.get("registry", ""))), as_text(value.get(words.get("name", "")))
    if "/" not in repository and "." in repository and name:  # a host, with the name beside it
        registry, repository = repository, name
    whole = f"{registry}/{repository}" if registry and repository else repository
    return whole if _REFERENCE.fullmatch(whole) else ""


def split_reference(reference: str) -> tuple[str, str]:
    """Repository and tag of a reference; the tag with its digest, or a digest alone.

    >>> split_reference("registry.test:5000/acme/billing:1.2.0"), split_reference("registry.test:5000/acme/billing")
    (('registry.test:5000/acme/billing', '1.2.0'), ('registry.test:5000/acme/billing', ''))
    """
    plain, at, digest = reference.partition("@")
    head, slash, last = plain.rpartition("/")
    name, _, tag = last.partition(":")
    return f"{head}{slash}{name}", f"{tag}@{digest}" if tag and at else tag or digest


def text_of(value: Json) -> str:
    """A scalar as Helm prints it; an empty string for anything else."""
    try:
        return HELM.key(value).strip() if value is not None and _is_scalar(value) else ""
    except ValueError:
        return ""


def _is_scalar(value: Json) -> bool:
    return not isinstance(value, (dict, list))


def _text(value: Json) -> str:
    """A tag; empty where it can't be one, as with a template's expression."""
    text = text_of(value)
    return text if _TAG.fullmatch(text) or text.startswith("sha256:") else ""


@lru_cache(maxsize=16_384)  # the same few keys are in every file
def _word(name: str) -> str:
    return _SEPARATORS.sub("", name).lower()
