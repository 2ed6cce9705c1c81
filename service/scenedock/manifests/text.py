"""A difference as text, for terminals and logs."""

from __future__ import annotations

from scenedock.manifests.difference import ManifestDiff
from scenedock.manifests.lines import heading, hidden, lines_of, names_of, not_checked, safe, validated


def as_text(diff: ManifestDiff) -> str:
    """Each block with whom it concerns, then what isn't shown and a summary; ends with a line break."""
    lines: list[str] = []
    for block in diff.blocks:
        lines += [f"{names_of(block.pairs, safe)}:"]
        lines += [f"{line.sign} {line.text}".rstrip() for line in lines_of(block)]
        lines += [""]
    for each in diff.unrendered:
        lines.append(f"{names_of(each.pairs, safe)}: couldn't be rendered: {safe(each.reason)}")
    lines += [text for text in (hidden(diff), heading(diff)) if text]
    if diff.validation is not None:
        lines += ["", *(safe(str(each)) for each in diff.validation.problems)]
        lines += [*map(safe, not_checked(diff.validation.unchecked)), validated(diff.validation)]
    return "\n".join(lines) + "\n"
