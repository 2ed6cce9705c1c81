"""The pages of docs that benchmarks write a part of."""

from __future__ import annotations

from pathlib import Path

_END = "<!-- to here -->\n"


def write_part(page: Path, program: str, text: str) -> None:
    """Replace what a program, such as `bench/export.py`, has written on a page."""
    begin = f"<!-- {program} writes from here -->\n"
    before, _, rest = page.read_text("utf-8").partition(begin)
    page.write_text(f"{before}{begin}\n{text.strip()}\n\n{_END}{rest.partition(_END)[2]}", "utf-8")
