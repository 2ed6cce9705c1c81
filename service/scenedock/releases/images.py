"""The images that values name, each with the path of what sets its tag: the shapes that charts have for it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Final

from scenedock.documents.encryption import CIPHERTEXT
from scenedock.documents.scalars import HELM
from scenedock.model.json import Json, JsonObject, as_text
from scenedock.structs import dataclass, replace

Keys = tuple[str | int, ...]

_SEPARATORS = re.compile(r"[-_. ]")
_REFERENCE = re.compile(r"[a-z0-9][a-zA-Z0-9._/:-]*(?:@sha256:[0-9a-f]{64})?")
_BELOW_VARIABLE = re.compile(r"\$\{[A-Za-z0-9_]+\}/[a-z0-9][a-zA-Z0-9._/-]*")
"""A repository whose registry only a cluster knows; its name is there."""
_PICTURE = re.compile(r"\.(?:gif|ico|jpe?g|png|svg|webp)$")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(?:@sha256:[0-9a-f]{64})?")
_FILLED_IN = frozenset("CHANGE CHANGEME DEFINED OVERRIDE PIPELINE PLACEHOLDER REPLACE REPLACED SET TAG TBD".split())
"""Words of a text in the place of a tag that a pipeline puts another one for: `DEFINED_BY_PIPELINE`."""
_BY_ANOTHER = re.compile(
    r"(?:(?:defined|filled|managed|overridden|replaced|set)-by-[a-z-]+|change-?me|placeholder|replace-?me)"
)
"""The same in small letters: `set-by-pipeline`."""
_LONE_TAG_KEYS = ("imagetag", "imageversion", "dockertag")
LONE_TAG: Final = "imageTag"
"""The shape of a tag whose key tells that it is one of an image."""
_TAG_KEYS = ("tag", *_LONE_TAG_KEYS, "version")
GLOBAL: Final = "global"
"""The key of values that Helm hands to all charts below, too."""
_REPOSITORY_KEYS = ("repository", "repo", "imagerepository", "imagename", "name")

_WORDS = frozenset({*_TAG_KEYS, *_REPOSITORY_KEYS, "digest", "registry"})


@dataclass(frozen=True, slots=True)
class Image:
    """An image in values: `keys` lead to what sets its tag, or would. `tag` is empty where nothing does.

    `is_odd` says that something is there, but no tag: text that a template would still change, or that no image has,
    or a placeholder.
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
    def joined_name(self) -> str:
        """Its owner and the last part of its repository, as services are called: `shop-api` of `acme.test/shop/api`."""
        return "-".join(self.repository.split("/")[-2:])

    @property
    def prefix(self) -> str:
        """Its registry and owner."""
        return self.repository.rpartition("/")[0]


def images_in(values: JsonObject, without: Collection[int] = ()) -> Iterator[Image]:
    """The images in merged values, in their order; text that a template would still change names no image.

    `without` are the ids of what is known to name none, from `without_images`.
    """
    found: list[Image] = []
    _collect(values, (), found, without, is_image=False)
    for image in found:
        if int in map(type, image.keys):
            yield replace(image, shape="tag in a list")
        elif image.keys[0] == GLOBAL:
            yield replace(image, shape=GLOBAL)
        else:
            yield image


def without_images(values: JsonObject) -> frozenset[int]:
    """The ids of mappings and lists in a file's values that name no image, wherever merging brings them.

    Nearly everything in values is so, and is merged into those of each environment. The ids hold as long as the values.
    """
    found: set[int] = set()
    if _leave_out(values, found, is_image=False):
        found.update(id(below) for below in values.values() if isinstance(below, (dict, list)))
    return frozenset(found)


def _leave_out(value: JsonObject, found: set[int], *, is_image: bool) -> bool:
    """Whether nothing in a mapping names an image; else, add what is below it that names none."""
    below: list[int] = []
    names_none = not is_image
    for key, inner in value.items():
        sense = _sense(key)
        if sense.names_image:
            names_none = False
        if isinstance(inner, dict):
            inner_names_none = _leave_out(inner, found, is_image=sense.is_images)
        elif isinstance(inner, list):
            inner_names_none = _leave_out_of_list(inner, found, is_image=sense.is_images)
        else:
            continue
        if inner_names_none:
            below.append(id(inner))
        else:
            names_none = False
    if not names_none:
        found.update(below)
    return names_none


def _leave_out_of_list(items: list[Json], found: set[int], *, is_image: bool) -> bool:
    below: list[int] = []
    names_none = not is_image
    for inner in items:
        if isinstance(inner, dict):
            inner_names_none = _leave_out(inner, found, is_image=is_image)
        elif isinstance(inner, list):
            inner_names_none = _leave_out_of_list(inner, found, is_image=is_image)
        else:
            continue
        if inner_names_none:
            below.append(id(inner))
        else:
            names_none = False
    if not names_none:
        found.update(below)
    return names_none


def _collect(value: JsonObject, keys: Keys, found: list[Image], without: Collection[int], *, is_image: bool) -> None:
    """Add the images that a mapping describes, and those below it; `is_image`: its key says that it is an image."""
    words = _words(value)
    own = _described(value, words, keys, is_image=is_image) if is_image or "tag" in words else None
    if own:
        found.append(own)
    used = {own.keys[-1]} if own else set()
    for key, below in value.items():
        if id(below) in without:
            continue
        if isinstance(below, dict):
            _collect(below, (*keys, key), found, without, is_image=_sense(key).is_images)
        elif isinstance(below, list):
            _collect_in_list(below, (*keys, key), found, without, is_image=_sense(key).is_images)
        elif isinstance(below, str) and _sense(key).is_image and key not in used:
            image = _written(below, (*keys, key), value, words)
            found += [image] if image else []
            used |= {image.keys[-1]} if image else set()
    for word in _LONE_TAG_KEYS if words else ():
        tag_key = words.get(word)
        if tag_key and tag_key not in used and _text(value[tag_key]):
            found.append(Image(_repository(value, words), _text(value[tag_key]), (*keys, tag_key), LONE_TAG))


def _collect_in_list(
    items: list[Json], keys: Keys, found: list[Image], without: Collection[int], *, is_image: bool
) -> None:
    for number, item in enumerate(items):
        if isinstance(item, dict) and id(item) not in without:
            _collect(item, (*keys, number), found, without, is_image=is_image)


def _words(value: JsonObject) -> dict[str, str]:
    """The keys of a mapping that tell something of an image, by their words."""
    words: dict[str, str] = {}
    for key in value:
        if (word := _sense(key).word) and word not in words:
            words[word] = key
    return words


def _described(value: JsonObject, words: dict[str, str], keys: Keys, *, is_image: bool) -> Image | None:
    """The image of a mapping `{repository, tag}`, at whatever key, or of one at a key for images."""
    tag_key = words.get("tag")
    repository = _repository(value, words)
    if tag_key is not None and _is_scalar(value[tag_key]) and (repository or is_image):
        shape = "image.tag" if len(keys) < 2 else "<x>.image.tag"
        digest = words.get("digest")
        if not _text(value[tag_key]) and digest and _text(value[digest]).startswith("sha256:"):
            return Image(repository, _text(value[digest]), (*keys, digest), "image.digest")
        tag = _text(value[tag_key])
        if is_placeholder(tag):
            tag = ""
        return Image(repository, tag, (*keys, tag_key), shape, is_odd=not tag and bool(value[tag_key]))
    key = next((words[word] for word in _REPOSITORY_KEYS if word in words), None)
    if is_image and repository and key is not None:
        plain, tag = split_reference(repository)
        is_odd = is_placeholder(tag)
        return Image(plain, "" if is_odd else tag, (*keys, key), "image: repo:tag", is_odd)
    return None


def _written(text: str, keys: Keys, value: JsonObject, words: dict[str, str]) -> Image | None:
    """The image of `image: repo:tag`, or of `image: repo` with its tag or version beside it."""
    if text.startswith(CIPHERTEXT):
        return Image("", "", keys, "image", is_odd=True)
    if not _REFERENCE.fullmatch(text.strip()) or _PICTURE.search(text):
        return None
    repository, tag = split_reference(text.strip())
    if is_placeholder(tag):
        return Image(repository, "", keys, "image: repo:tag", is_odd=True)
    if tag:
        return Image(repository, tag, keys, "image: repo:tag")
    for word in _TAG_KEYS:
        key = words.get(word)
        if key is not None and _text(value[key]):
            shape = "version beside image" if word == "version" else "tag beside image"
            return Image(repository, _text(value[key]), (*keys[:-1], key), shape)
    return Image(repository, "", keys, "image")


def _repository(value: JsonObject, words: dict[str, str]) -> str:
    repository = ""
    for word in _REPOSITORY_KEYS:
        if word in words and (repository := as_text(value[words[word]])):
            break
    registry = as_text(value[words["registry"]]) if "registry" in words else ""
    name = as_text(value[words["name"]]) if "name" in words else ""
    if "/" not in repository and "." in repository and name:  # a host, with the name beside it
        registry, repository = repository, name
    whole = f"{registry}/{repository}" if registry and repository else repository
    return whole if _REFERENCE.fullmatch(whole) or _BELOW_VARIABLE.fullmatch(whole) else ""


def is_placeholder(tag: str) -> bool:
    """Whether a tag plainly stands for another one, which a pipeline fills in.

    >>> (
    ...     is_placeholder("DEFINED_BY_PIPELINE"),
    ...     is_placeholder("__TAG__"),
    ...     is_placeholder("set-by-pipeline"),
    ...     is_placeholder("LATEST"),
    ...     is_placeholder("SET-1"),
    ... )
    (True, True, True, False, False)
    """
    if (tag.startswith("__") and tag.endswith("__")) or _BY_ANOTHER.fullmatch(tag.replace("_", "-")):
        return True
    words = tag.replace("-", "_").split("_") if tag.isupper() else ()
    return not _FILLED_IN.isdisjoint(words) and all(each.isalpha() for each in words)


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
    if isinstance(value, str):
        return value.strip()
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


@dataclass(frozen=True, slots=True)
class _Sense:
    """What a key says: its word, without its writer's style, if that is one of those below images.

    Beside or below a key that `names_image` there may be an image; elsewhere there is none.
    """

    word: str
    is_image: bool
    is_images: bool
    names_image: bool


@lru_cache(maxsize=16_384)  # the same few keys are in every file
def _sense(name: str) -> _Sense:
    word = _SEPARATORS.sub("", name).lower()
    is_images = word.endswith(("image", "images"))
    names_image = is_images or word == "tag" or word in _LONE_TAG_KEYS
    return _Sense(word if word in _WORDS else "", word.endswith("image"), is_images, names_image)
