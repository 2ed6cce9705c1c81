"""The lines in which a person reads a difference, the same in a pull request and in a terminal.

What a manifest says can't leave its line: invisible characters are escaped, and long texts cut.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import unified_diff
from typing import Final, Literal, NamedTuple, TypeAlias

from scenedock.documents.scalars import HELM
from scenedock.documents.writing import write_documents
from scenedock.manifests.difference import Block, Change, Item, ManifestDiff, NewProblems, ObjectChange, Path
from scenedock.manifests.rendered import Pair
from scenedock.model.addresses import without_credentials
from scenedock.model.json import Json, JsonObject

Sign: TypeAlias = Literal["+", "-", "!", " "]
"""As in a diff: added, removed, changed (both sides on one line), unchanged."""
_SIGNS: Final[Mapping[str, Sign]] = {"added": "+", "removed": "-", "changed": "!", "reordered": "!"}

_LONGEST: Final = 160
_BEFORE_DIFFERENCE: Final = 20
_MOST_LINES: Final = 3_000
_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f\u3164"
    r"\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff]"
)

_OF_PODS: Final = (("spec", "template", "spec"), ("spec", "jobTemplate", "spec", "template", "spec"))
_WORKLOADS = frozenset({"CronJob", "DaemonSet", "Deployment", "Job", "ReplicaSet", "Rollout", "StatefulSet"})


class Line(NamedTuple):
    """A line without its line break; `text` is indented."""

    sign: Sign
    text: str


def lines_of(block: Block) -> Iterator[Line]:
    """The lines of a block: for each object its name, then a line for each change, or several for a text."""
    for change in block.objects:
        yield from _object(change)


def heading(diff: ManifestDiff) -> str:
    """`2 of 40 deployments change, manifests: 3 changed, 1 added; 1 couldn't be rendered.`"""
    changed, failed = len(diff.pairs), sum(len(each.pairs) for each in diff.unrendered)
    every = diff.compared + failed
    rest = f"; {failed:,} couldn't be rendered." if failed else "."
    if not changed:
        return f"No manifest changes in {counted(diff.compared, 'deployment')}{rest}"
    numbers = [(diff.manifests.get(kind, 0), kind) for kind in ("changed", "added", "removed")]
    words = [f"{number:,} {kind}" for number, kind in numbers if number]
    verb = "changes" if every == 1 else "change"
    return f"{changed:,} of {counted(every, 'deployment')} {verb}, manifests: {', '.join(words)}{rest}"


def hidden(diff: ManifestDiff) -> str:
    """`Not shown: 4 checksums, 2 chart labels.`, or nothing."""
    parts = [counted(number, what.removesuffix("s")) for what, number in diff.hidden.items()]
    return f"Not shown: {', '.join(parts)}." if parts else ""


def validated(problems: NewProblems) -> str:
    """`31 manifests checked with Kubernetes 1.34, 1 new problem, 2 were there before.`"""
    words = [
        f"{counted(problems.checked, 'manifest')} checked with Kubernetes {problems.version}",
        counted(len(problems.problems), "new problem"),
        f"{problems.known:,} {'was' if problems.known == 1 else 'were'} there before" if problems.known else "",
        f"{counted(len(problems.broken), 'deployment')} can't be rendered any more" if problems.broken else "",
    ]
    return f"{', '.join(filter(None, words))}."


def not_checked(unchecked: Mapping[str, int]) -> list[str]:
    """A line for each kind that wasn't checked."""
    return [f"Not checked, as no schema is known: {number:,} {kind}" for kind, number in unchecked.items()]


def names_of(pairs: Sequence[Pair], quoted: Callable[[str], str], most: int | None = None) -> str:
    """The services with their environments: `billing in qa, production`; `a, b in qa` if all are in the same ones.

    At most so many are named, the others counted.
    """
    several = len({pair.repository for pair in pairs}) > 1
    services: dict[str, list[str]] = defaultdict(list)
    for pair in pairs:
        name = f"{pair.repository}: {pair.service}" if several else pair.service
        services[quoted(name)].extend([quoted(pair.environment)] if pair.environment else [])
    shown = list(services.items())[:most]
    more = f" and {len(services) - len(shown):,} more" if len(services) > len(shown) else ""
    if len({tuple(environments) for environments in services.values()}) == 1:
        place = shown[0][1]
        return ", ".join(name for name, _ in shown) + more + (f" in {', '.join(place)}" if place else "")
    parts = [f"{name} in {', '.join(places)}" if places else name for name, places in shown]
    return "; ".join(parts) + more


def counted(number: int, word: str) -> str:
    """`1 service`, `2 services`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def safe(text: str) -> str:
    """A text on one line, with invisible characters escaped and without credentials in addresses."""
    return _UNSEEN.sub(lambda match: match.group().encode("unicode_escape").decode(), without_credentials(text))


def _object(change: ObjectChange) -> Iterator[Line]:
    was = f" (was {change.was})" if change.was else ""
    sign = " " if change.kind == "changed" else _SIGNS[change.kind]
    yield Line(sign, safe(f"{change.id}{was}"))
    for each in change.changes:
        yield from _change(each, change.id.kind)
    if change.kind == "added" and change.manifest is not None:
        yield from _content(change.manifest)


def _content(manifest: JsonObject) -> Iterator[Line]:
    """What was added, without what its first line says."""
    rest = {key: value for key, value in manifest.items() if key not in {"apiVersion", "kind", "metadata"}}
    yield from (Line("+", f"    {line}") for line in _yaml(rest))


def _change(change: Change, kind: str) -> Iterator[Line]:
    name, sign = _name(change.path, kind), _SIGNS[change.kind]
    if change.is_secret:
        yield Line(sign, f"  {name}: {change.kind}, not shown")
    elif change.kind == "reordered":
        yield Line(sign, f"  {name}: in another order")
    elif change.kind == "changed" and _is_text(change.before, change.after):
        yield Line(" ", f"  {name}:")
        yield from _text_lines(str(change.before), str(change.after))
    elif change.kind == "changed":
        before, after = _both(_inline(change.before), _inline(change.after))
        yield Line(sign, f"  {name}: {before} → {after}")
    else:
        value = change.after if change.kind == "added" else change.before
        if value and not isinstance(value, (int, float)) and (not isinstance(value, str) or "\n" in value):
            yield Line(sign, f"  {name}:")
            yield from (Line(sign, f"    {line}") for line in _yaml(value))
        else:
            yield Line(sign, f"  {name}: {_cut(_inline(value))}")


def _name(path: Path, kind: str) -> str:
    """`containers[web].image`; what every path to a pod begins with is left out."""
    start = next((len(each) for each in _OF_PODS if kind in _WORKLOADS and path[: len(each)] == each), 0)
    text = ""
    for step in path[start:] or path:
        if isinstance(step, Item):
            text += f"[{step.value}]"
        elif re.fullmatch(r"[\w-]+", step):
            text += f".{step}" if text else step
        else:
            text += f"[{step}]"
    return _cut(safe(text))


def _is_text(before: Json, after: Json) -> bool:
    return isinstance(before, str) and isinstance(after, str) and ("\n" in before.strip() or "\n" in after.strip())


def _text_lines(before: str, after: str) -> Iterator[Line]:
    old, new = before.split("\n"), after.split("\n")
    if max(len(old), len(new)) > _MOST_LINES:
        yield Line("!", f"    {len(old):,} lines → {len(new):,} lines")
        return
    for number, line in enumerate(unified_diff(old, new, n=1, lineterm="")):
        if number < 2:
            continue
        if line.startswith("@@"):
            yield Line(" ", f"    … line {line.split('+')[1].split(',')[0].split(' ')[0]}")
        else:
            sign: Sign = "+" if line[0] == "+" else "-" if line[0] == "-" else " "
            yield Line(sign, f"    {_cut(safe(line[1:]))}")


def _yaml(value: Json) -> list[str]:
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    if isinstance(value, Mapping):
        lines = write_documents([value]).split("\n")[:-1] if value else []
    else:
        lines = write_documents([{"-": value}]).split("\n")[1:-1]
    indent = 2 if is_list or isinstance(value, str) else 0
    return [_cut(safe(line[indent:] if line[:indent].isspace() else line)) for line in lines]


def _inline(value: Json) -> str:
    """A value on one line; a text in quotes only where it would be read as something else without."""
    match value:
        case str():
            return safe(value) if _is_plain(value) else f'"{safe(value)}"'
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case Mapping():
            return f"{counted(len(value), 'field')}" if value else "{}"
        case _:
            return f"a list of {len(value)}" if value else "[]"


def _is_plain(text: str) -> bool:
    """Whether nobody takes a text for a number, a list or anything else."""
    try:
        return text == text.strip() and HELM.plain(text) == text and text[0] not in "\"'{["
    except ValueError:  # `.inf`, which JSON doesn't have
        return False


def _both(before: str, after: str) -> tuple[str, str]:
    """Two texts; of long ones from shortly before where they differ."""
    if max(len(before), len(after)) <= _LONGEST:
        return before, after
    same = next((at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), 0)
    start = max(0, same - _BEFORE_DIFFERENCE)
    lead = "…" if start else ""
    return _cut(lead + before[start:]), _cut(lead + after[start:])


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text) - _LONGEST:,} more characters)"
