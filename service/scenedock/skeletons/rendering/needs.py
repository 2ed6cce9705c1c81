"""What a skeleton needs beyond rendering, and whether that is allowed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from jinja2 import nodes

from scenedock.errors import NotAllowedError
from scenedock.skeletons.author_errors import blaming
from scenedock.skeletons.problems import AnswerProblem, AnswersError
from scenedock.skeletons.rendering.bake import Mix
from scenedock.skeletons.rendering.compiled import CompiledSkeleton
from scenedock.structs import dataclass

_HARMLESS = re.compile(r"(?!-)(?!.*\.\.)[\w .,:/@+=-]*")


@dataclass(frozen=True, slots=True)
class Needs:
    """The skeleton's own code: the paths of its hooks, and the Python classes that it names in `_extensions`."""

    hooks: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.hooks or self.extensions)

    def check(self, name: str, allowed: Collection[str]) -> None:
        """Refuse what is not allowed.

        Raises
        ------
        NotAllowedError   the skeleton needs something that isn't allowed; the message says how to allow it
        """
        needs = {"hooks": self.hooks, "extensions": self.extensions}
        missing = {permission: code for permission, code in needs.items() if code and permission not in allowed}
        if missing:
            details = "; ".join(f"{permission}: {', '.join(code)}" for permission, code in missing.items())
            raise NotAllowedError(
                f"the skeleton {name} has its own code, which isn't allowed to run ({details}). "
                f"If you trust it, add `allow: [{', '.join(missing)}]` to its entry in the list of skeletons"
            )


def needs_of(chain: Iterable[CompiledSkeleton]) -> Needs:
    """The needs of a nested skeleton and of those that it was chosen through; `chain` has the outermost first."""
    skeletons = list(chain)
    outer = [
        f"{compiled.skeleton.label}/{hook}"
        for compiled in skeletons[:-1]
        for hook in compiled.skeleton.hooks("pre_prompt")
    ]
    return Needs((*outer, *skeletons[-1].skeleton.hooks()), skeletons[-1].options.foreign_extensions)


def check_hook_values(mixed: Mix) -> None:
    """Refuse answers that could become code in a hook.

    A hook is a script that is rendered like any other file, so an answer with a quote in it could end a string of the
    script and continue as code. Variables that a hook refers to may therefore contain only letters, digits, spaces and
    `_ . , : / @ + = -`, and must not begin with `-` or contain `..`. Other variables are not restricted.

    Raises
    ------
    AnswersError   one or more values contain something else
    """
    problems = [
        AnswerProblem(
            name,
            f"{hook} uses this value in its code, so it may contain only letters, digits, spaces and _.,:/@+=-, "
            "and must not begin with - or contain ..",
        )
        for hook in mixed.compiled.skeleton.hooks()
        for name in _variables_in(mixed, hook)
        if not all(_HARMLESS.fullmatch(text) for text in _texts(mixed.context["cookiecutter"].get(name)))
    ]
    if problems:
        raise AnswersError(problems)


def _variables_in(mixed: Mix, hook: str) -> list[str]:
    """The sorted variables that a hook refers to and whose value may come from an answer."""
    compiled = mixed.compiled
    with blaming(compiled.skeleton.label, hook, compiled.skeleton.text):
        tree = compiled.environment.parse(compiled.skeleton.text(hook) or "", filename=hook)
    variables = set(mixed.context["cookiecutter"])
    roots = [node for node in tree.find_all(nodes.Name) if node.name in {"cookiecutter", "_cookiecutter"}]
    members: list[nodes.Getattr | nodes.Getitem] = [*tree.find_all(nodes.Getattr), *tree.find_all(nodes.Getitem)]
    names = {name for member in members if member.node in roots and (name := _member(member)) in variables}
    plain = [member for member in members if member.node in roots and _member(member) in variables]
    elsewhere = any(tree.find(kind) for kind in (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends))
    if len(plain) < len(roots) or elsewhere:  # all of `cookiecutter` may be used
        names = variables
    return sorted(name for name in names if _may_come_from_an_answer(mixed, name))


def _member(node: nodes.Getattr | nodes.Getitem) -> str:
    """The variable that is looked up; empty if its name is computed, or is a method of dict, such as `items`."""
    if isinstance(node, nodes.Getattr):
        return "" if hasattr(dict, node.attr) else node.attr
    return str(node.arg.value) if isinstance(node.arg, nodes.Const) else ""


def _may_come_from_an_answer(mixed: Mix, name: str) -> bool:
    questions = mixed.compiled.questions
    question = questions.questions.get(name)
    raw = questions.private.get(name) if question is None else question.raw
    if question is not None and question.kind in {"text", "integer", "object"} and name in mixed.answers:
        return True
    rendered = not name.startswith("_") or name.startswith("__")
    return rendered and any(mixed.compiled.is_code(text) for text in _texts(raw))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for pair in value.items():
            for part in pair:
                yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
