"""Long lists, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from scenedock.structs import dataclass

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """A page of a list: what is on it, which page it is, counted from 1, and of how many."""

    items: Sequence[T]
    at: int
    pages: int


def part_of(found: Sequence[T], wanted: str, on_a_page: int) -> Part[T]:
    """The `wanted` page, as an address names it; the first or last one where that isn't the number of a page."""
    pages = max(1, -(-len(found) // on_a_page))
    at = min(max(int(wanted), 1), pages) if wanted.isdecimal() and len(wanted) < 6 else 1
    return Part(found[(at - 1) * on_a_page : at * on_a_page], at, pages)
