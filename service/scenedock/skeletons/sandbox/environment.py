"""The Jinja environment for skeletons: compatible with cookiecutter, sandboxed and metered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import wraps
from types import CodeType
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, Template, TemplateNotFound, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.filters import make_attrgetter
from jinja2.loaders import split_template_path
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, LoopContext, markup_join, str_join
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import generate_lorem_ipsum

from scenedock.skeletons.sandbox import amplifiers, cookiecutter_globals
from scenedock.skeletons.sandbox.metering import budget
from scenedock.skeletons.sandbox.template_code import TemplateCode

# fmt: off
CONTAINER_FILTERS = frozenset({
    "attr", "batch", "count", "d", "default", "dictsort", "first", "float", "groupby", "int", "items", "join", "last",
    "length", "list", "map", "max", "min", "random", "reject", "rejectattr", "reverse", "round", "select", "selectattr",
    "slice", "sort", "sum", "unique",
})
# fmt: on
"""Filters that don't print a container that is passed to them."""


class MeteredCode(CodeGenerator):
    """Jinja's code generator, which also meters each loop, slice and concatenation."""

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802  # Jinja's name
        """Count each step of a loop, and the fixed text that it repeats."""
        fixed = nodes.Const(sum(len(data.data) for data in node.find_all(nodes.TemplateData)))
        meter = nodes.EnvironmentAttribute("count_steps")
        node.iter = nodes.Call(meter, [node.iter, fixed], [], None, None, lineno=node.iter.lineno)
        if node.recursive:  # `loop(…)` also enters its body
            counted = nodes.Call(nodes.EnvironmentAttribute("count_text"), [fixed], [], None, None, lineno=node.lineno)
            node.body.insert(0, nodes.ExprStmt(counted, lineno=node.lineno))
        super().visit_For(node, frame)

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:  # noqa: N802  # Jinja's name
        """Look up an item; a slice is a copy, which Jinja creates without calling the environment."""
        if isinstance(node.arg, nodes.Slice):
            self.write("environment.count_value(")
            super().visit_Getitem(node, frame)
            self.write(")")
        else:
            super().visit_Getitem(node, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802  # Jinja's name
        """Concatenate with `~`."""
        self.write("environment.concatenate(context.eval_ctx, (")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")


class SkeletonTemplate(Template):
    """A template whose module belongs to the bake that imports it.

    Jinja keeps one module for each template; its namespaces and lists would carry answers from one bake to another.
    """

    def _get_default_module(self, ctx: Context | None = None) -> Any:  # noqa: ARG002  # Jinja's signature
        modules = budget().modules
        if self.name not in modules:
            modules[self.name] = self.make_module()
        return modules[self.name]


def template_name(name: str) -> str:
    """The normalized name of a template: `a/b` for `a/b`, `/a//b` and `./a/b`.

    Raises
    ------
    TemplateNotFound   it contains `..`
    """
    return "/".join(split_template_path(name))


class SkeletonLoader(BaseLoader):
    """Templates that a body may include or import, from the project folder, then from `templates/`.

    `read` returns the text of a file by its path in the skeleton; it is called once for each file.
    """

    def __init__(self, folders: Sequence[str], read: Callable[[str], str | None]) -> None:
        self._folders = tuple(folders)
        self._read = read
        self.sizes: dict[str, int] = {}

    def get_source(self, environment: Any, template: str) -> tuple[str, str, None]:  # noqa: ARG002  # Jinja's signature
        """The text of a template and its path.

        Raises
        ------
        TemplateNotFound   no such file, or a name that contains `..`
        """
        name = template_name(template)
        for folder in self._folders:
            path = f"{folder}/{name}"
            text = self._read(path)
            if text is not None:
                self.sizes[template] = len(text)
                return text, path, None
        raise TemplateNotFound(template)


class SkeletonEnvironment(SandboxedEnvironment):
    """One skeleton's environment; safe to use from any number of threads, each inside its own `metered` block."""

    code_generator_class = MeteredCode
    template_class = SkeletonTemplate
    intercepted_binops = frozenset(["*", "**", "%", "+", "//", "-", "/"])

    def __init__(
        self, loader: SkeletonLoader, options: Mapping[str, Any], extensions: Sequence[str], code: TemplateCode
    ) -> None:
        self._loader = loader
        self._code = code
        super().__init__(
            loader=loader,
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            auto_reload=False,
            cache_size=-1,
            finalize=_count_printed,
            extensions=[cookiecutter_globals.NowTag, *extensions],
            **options,
        )
        self.filters.update(cookiecutter_globals.FILTERS)
        self.globals.update(cookiecutter_globals.GLOBALS)
        self.filters = {name: _metered_filter(name, function) for name, function in self.filters.items()}
        tests: Mapping[str, Any] = self.tests
        self.tests.update({name: _guarded(_step, function) for name, function in tests.items()})
        for name in ("join", "sum"):
            self.filters[name] = _looked_up(self, self.filters[name])
        self.globals["lipsum"] = _guarded(amplifiers.guard_lipsum, generate_lorem_ipsum)

    def compile(  # type: ignore[override] # Jinja's overloads for `raw`, which is not used here
        self, source: str, name: str | None = None, filename: str | None = None
    ) -> CodeType:
        """The code of a template, compiled unless it is known."""
        return self._code.get(
            name, filename, source, lambda: super(SkeletonEnvironment, self).compile(source, name, filename)
        )

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute `left operator right`."""
        amplifiers.guard_operator(operator, left, right)
        result = super().call_binop(context, operator, left, right)
        budget().take_value(result)
        return result

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function, method or macro."""
        purse = budget()
        purse.step()
        owner = getattr(obj, "__self__", None)
        if isinstance(owner, str | bytes | int | list | dict) and obj.__name__ in amplifiers.METHODS:
            args = tuple(self._listed(value) for value in args)
            amplifiers.METHODS[obj.__name__](owner, *args, **kwargs)
        elif isinstance(obj, LoopContext):
            args = tuple(self.count_steps(items, 0) for items in args)
        result = super().call(context, obj, *args, **kwargs)
        purse.take_value(result)
        return result

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """`str.format` and `str.format_map`, sandboxed by Jinja, with guarded widths."""
        wrapped = super().wrap_str_format(value)
        if wrapped is None:
            return None

        def guarded(*args: Any, **kwargs: Any) -> str:
            positional, named = ((), args[0]) if value.__name__ == "format_map" and args else (args, kwargs)
            amplifiers.GuardedFormatter(self).vformat(str(value.__self__), positional, named)
            return wrapped(*args, **kwargs)

        return guarded

    def concatenate(self, context: EvalContext, parts: Sequence[Any]) -> str:
        """Join the operands of `~`."""
        purse = budget()
        purse.step()
        for part in parts:
            purse.take_printed(part)
        return markup_join(parts) if context.autoescape else str_join(parts)

    def _listed(self, value: Any) -> Any:
        """A generator as a list, so that its size is known; it may iterate over the list that it is about to extend."""
        return list(self.count_steps(value, 0)) if isinstance(value, Iterator) else value

    def count_steps(self, items: Any, fixed: int) -> Any:
        """The items of a loop, each counted."""
        purse = budget()
        for item in items:
            purse.step()
            purse.take(fixed)
            yield item

    def count_text(self, characters: int) -> None:
        """Count fixed text that is about to be written."""
        budget().take(characters)

    def count_value(self, value: Any) -> Any:
        """Count a new value, and return it."""
        budget().take_value(value)
        return value

    def _load_template(self, name: str, globals: Any) -> Template:  # noqa: A002  # Jinja's name
        """A template of the skeleton; loading counts as a step and with the size of its source.

        Jinja's cache has only the normalized name, so that an answer in the name can't make the cache grow.
        """
        budget().step()
        template = super()._load_template(template_name(name), globals)
        budget().take(self._loader.sizes[template.name or ""])
        return template


def _step(*_: object, **__: object) -> None:
    budget().step()


def _count_printed(value: Any) -> Any:
    if isinstance(value, str):
        budget().take(len(value))
        return value
    budget().take_printed(value)
    return value


def _guarded(guard: Callable[..., None], function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        guard(*args, **kwargs)
        return function(*args, **kwargs)

    return guarded


def _metered_filter(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, metered before and after. `wraps` keeps Jinja's mark of its leading argument."""
    guard = amplifiers.FILTERS.get(name)
    leading = 1 if hasattr(function, "jinja_pass_arg") else 0
    prints = name not in CONTAINER_FILTERS

    @wraps(function)
    def metered(*args: Any, **kwargs: Any) -> Any:
        purse = budget()
        purse.step()
        own_args = args[leading:]
        if guard is not None:
            guard(*own_args, **kwargs)
        if own_args and prints != isinstance(own_args[0], str):
            weigh = purse.take_printed if prints else purse.take_spread
            weigh(own_args[0])
        result = function(*args, **kwargs)
        purse.take_value(result)
        return result

    return metered


def _looked_up(environment: Environment, function: Callable[..., Any]) -> Callable[..., Any]:
    """`join` or `sum` with a list whose `attribute` is already looked up, so that its size is known beforehand."""

    @wraps(function)
    def over_list(leading: Any, items: Iterable[Any], *args: Any, attribute: Any = None, **kwargs: Any) -> Any:
        if attribute is not None:
            items = map(make_attrgetter(environment, attribute), items)
        return function(leading, list(items), *args, **kwargs)

    return over_list
