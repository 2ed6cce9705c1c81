"""Put what is missing where it belongs: behind its siblings, as they are written."""

from __future__ import annotations

from scenedock.errors import InputError
from scenedock.gitops.in_place.finding import Found, Source
from scenedock.gitops.in_place.nodes import BREAK, Node, Part, column, gap_end, line_end, line_start
from scenedock.gitops.in_place.paths import APPEND, Item, Key, Steps, shown
from scenedock.gitops.in_place.replacing import Splice, begins_line, with_lines
from scenedock.gitops.in_place.writing import Layout, entry_lines, in_flow, item_lines, written
from scenedock.model.json import Json, as_list, as_object
from scenedock.structs import replace


def inserted(text: str, part: Part, found: Found, steps: Steps, value: Json, source: Source) -> list[Splice]:
    """The pieces that put a value where a path has no node yet.

    Raises
    ------
    InputError   nothing can be put there; with the line
    """
    first, rest = found.missing[0], found.missing[1:]
    node, parent = found.node, found.nodes[-2] if len(found.nodes) > 1 else None
    upto = shown(steps[: len(steps) - len(found.missing)]) or "the file"
    at = source.at(node.line)
    if found.shadows is not None and rest:
        raise InputError(
            f"{at}: {shown(steps[: -len(rest)])} comes from the merge key in line {source.line(found.shadows)}; what "
            "is added below would hide the rest of it: add all of it, or edit it where it comes from"
        )
    if node.is_null and parent is None:
        raise InputError(f"{at}: the file is `{text[node.content : node.end]}`; write a mapping by hand")
    inner = _nested(rest, value, at)
    layout = layout_of(text, part.root)
    if isinstance(first, Key) and first.name != APPEND and (node.kind == "mapping" or node.is_null):
        if node.is_null:
            return _into_nothing(text, node, parent, {first.name: inner}, layout)
        return _entry(text, node, first.name, inner, layout)
    if node.kind == "sequence" or (node.is_null and not (isinstance(first, Key) and first.name != APPEND)):
        if isinstance(first, Key) and first.name not in {APPEND, str(len(node.children))}:
            new = shown((*steps[: -len(found.missing)], Key(APPEND)))
            raise InputError(f"{at}: {upto} has {len(node.children)} items; `{new}` is a new one")
        item = item_value(first, inner, at) if isinstance(first, Item) else inner
        if node.is_null:
            return _into_nothing(text, node, parent, [item], layout)
        return _item(text, node, item, layout)
    what = {"mapping": "a mapping, not a list", "scalar": "a single value"}.get(node.kind, "a list")
    raise InputError(f"{at}: {upto} is {what}; nothing can be added as {shown(steps)}")


def into_empty(text: str, part: Part, steps: Steps, value: Json, source: Source) -> list[Splice]:
    """The pieces that put a value into a document that has nothing but comments."""
    inner = _nested(steps, value, source.at(part.line))
    layout = layout_of(text, None)
    lines = _lines(inner, "", layout)
    ends_line = not text[: part.end] or BREAK.fullmatch(text[part.end - 1 : part.end])
    if ends_line:
        return [Splice(part.end, part.end, "".join(line + layout.newline for line in lines))]
    return [Splice(part.end, part.end, "".join(layout.newline + line for line in lines))]


def layout_of(text: str, root: Node | None) -> Layout:
    """How a document indents, by its first mapping in a mapping, and its first list in one."""
    found = BREAK.search(text)
    layout = Layout(newline=found[0] if found else "\n")
    seen = set[str]()
    for node in root.inside() if root else ():
        for key, value in node.pairs:
            if value.kind in seen or value.is_flow or value.kind not in {"mapping", "sequence"}:
                continue
            step = column(text, value.content) - column(text, key.start)
            if line_start(text, key.start) != line_start(text, value.content) and 0 <= step <= 8:
                seen.add(value.kind)
                is_list = value.kind == "sequence"
                layout = replace(layout, list_step=step) if is_list else replace(layout, step=step)
    return replace(layout, list_step=layout.list_step if "sequence" in seen else min(2, layout.step))


def _nested(steps: Steps, value: Json, at: str) -> Json:
    """A value below what the steps make: mappings, and lists for `-` and items."""
    for step in reversed(steps):
        if isinstance(step, Item):
            value = [item_value(step, value, at)]
        else:
            value = [value] if step.name == APPEND else {step.name: value}
    return value


def item_value(step: Item, value: Json, at: str) -> Json:
    """A new item that a step can name.

    Raises
    ------
    InputError   the value is no mapping
    """
    if not isinstance(value, dict):
        raise InputError(f"{at}: a new item {step} must be a mapping, or the path must name a key in it")
    return {step.key: step.value, **{key: each for key, each in value.items() if key != step.key}}


def _into_nothing(text: str, node: Node, parent: Node | None, value: Json, layout: Layout) -> list[Splice]:
    """A mapping or list in the place of no value: in lines below a key that has none, else between brackets."""
    key = next((key for key, each in parent.pairs if each is node), None) if parent else None
    if key is None or node.end > node.content or (parent and parent.is_flow) or not begins_line(text, key.start):
        space = "" if text[: node.content].endswith((" ", "\t")) or node.end > node.content else " "
        return [Splice(node.content, node.end, space + in_flow(value))]
    step = layout.step if isinstance(value, dict) else layout.list_step
    indent = " " * (column(text, key.start) + step)
    return [with_lines(text, node.end, _lines(value, indent, layout), layout.newline)]


def _lines(value: Json, indent: str, layout: Layout) -> list[str]:
    """A mapping or list as the lines of a block."""
    entries = [line for name, each in as_object(value).items() for line in entry_lines(name, each, indent, layout)]
    return entries + [line for each in as_list(value) for line in item_lines(each, indent, layout)]


def _entry(text: str, node: Node, key: str, value: Json, layout: Layout) -> list[Splice]:
    last = node.children[-2] if node.children else None
    quote = '"' if last is not None and text[last.content : last.content + 1] == '"' else ""
    if node.is_flow:
        return _in_flow(text, node, f"{written(key, quote)}: {in_flow(value, quote)}", layout)
    indent = " " * column(text, node.content)
    return [with_lines(text, node.end, entry_lines(key, value, indent, layout, quote), layout.newline)]


def _item(text: str, node: Node, value: Json, layout: Layout) -> list[Splice]:
    if node.is_flow:
        quote = '"' if node.children and text[node.children[-1].content] == '"' else ""
        return _in_flow(text, node, in_flow(value, quote), layout)
    return [with_lines(text, node.end, item_lines(value, " " * column(text, node.content), layout), layout.newline)]


def _in_flow(text: str, node: Node, entry: str, layout: Layout) -> list[Splice]:
    """An entry behind the last one between brackets: in a line of its own where that one has, behind its comment."""
    if not node.children:
        inside = text[node.content + 1 : node.end - 1]
        at = node.content + 1 + (len(inside) >= 2 and not inside.strip(" "))  # `{  }` becomes `{ a: 1 }`
        return [Splice(at, at, entry)]
    last = node.children[-2 if node.kind == "mapping" else -1]
    end = max(child.end for child in node.children[-2:])
    behind = gap_end(text, end)
    has_comma = text[behind : behind + 1] == ","
    at = behind + 1 if has_comma else end
    line = line_end(text, at)
    in_own_line = begins_line(text, last.start) and line_start(text, last.start) > node.content
    has_comment = text[at:line].lstrip(" \t").startswith("#")
    if not in_own_line and not has_comment:
        return [Splice(at, at, f" {entry}," if has_comma else f", {entry}")]
    newline = f"{layout.newline}{' ' * column(text, last.start)}{entry}"
    if has_comma:
        return [Splice(line if has_comment else at, line if has_comment else at, f"{newline},")]
    if not has_comment:
        return [Splice(at, at, f",{newline}")]
    return [Splice(at, at, ","), Splice(line, line, newline)]
