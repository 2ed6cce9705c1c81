"""Where in a service's values an image is: at the place of its main image, or at a part of it, such as a sidecar."""

from __future__ import annotations

import re
from typing import Final

from scenedock.releases.deployed import Deployed
from scenedock.releases.images import LONE_TAG, Image

_BEFORE_WORD: Final = re.compile(r"[-_. ]+|(?<=[a-z0-9])(?=[A-Z])")
_SERVICE_ITSELF: Final = frozenset({"app", "application", "deployment", "main", "main app", "service"})
"""Keys at which charts have what is the service's own, whatever it is called."""


def depth_of(image: Image, deployed: Deployed) -> int:
    """How deep an image is in the values; the key of a chart that is only wrapped doesn't count."""
    return len(image.keys) - (1 if image.keys[0] in deployed.wrapped else 0)


def is_of_another_part(image: Image, deployed: Deployed) -> bool:
    """Whether only its key says what a tag is for, and that isn't the service: `proxy.imageTag`, without a repository.

    At the root of the values such a tag is the service's, and below a key that has its name: `billingApi.imageTag`.
    """
    if image.repository:
        return False
    key = image.keys[-2] if image.shape == LONE_TAG and depth_of(image, deployed) > 1 else None
    if not isinstance(key, str):
        return False
    words = _words(key)
    own = [_words(each) for each in deployed.names]
    is_like_it = any(f" {words} " in f" {each} " or f"{words} ".startswith(f"{each} ") for each in own if each)
    return not (is_like_it or words in _SERVICE_ITSELF or words.endswith(("image", "images")))


def is_under_its_name(image: Image, deployed: Deployed) -> bool:
    """Whether the key that holds an image is called like the service: `parts.billingApi.image` of `billing-api`."""
    above = [_words(key) for key in image.keys[:-1] if isinstance(key, str)]
    while above and above[-1].endswith(("image", "images")):
        above.pop()
    return bool(above) and above[-1] in map(_words, deployed.names)


def _words(name: str) -> str:
    """The words of a key or of a service's name, in lower case: `main app` of `main_app` and `mainApp`."""
    return _BEFORE_WORD.sub(" ", name).strip().lower()
