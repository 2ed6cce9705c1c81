"""Finds modules that two threads can import at once in opposite order, from what a package's code imports late.

python -m tests.tools.import_order SOURCE PACKAGE LOADED[,LOADED…] [NOT_THESE]

Python locks each module while it is loaded, a part of a package before the package. Where modules import each other, a
thread that begins with one and a thread that begins with another wait for each other; Python lets one of them continue,
with a module that isn't complete. Modules that import each other are safe if all threads begin with the same one, or
come to them through a module whose lock each thread needs.

LOADED is what a process has imported before it has threads. Then everything else is imported, and it is recorded who
imports what in which order: no two threads have to meet for an error to be found. Prints JSON: for each circle of
modules that isn't safe, {module: [who begins with it]}; `module.function()` is a function of the package.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from importlib import util
from pathlib import Path
from typing import Any

Order = dict[str, list[str]]
"""What each module, and each function, asks for, in order."""


class LateImports(ast.NodeVisitor):
    """What each function of a module imports, with all that it may mean: `from a import b` may ask for `a.b`."""

    def __init__(self, module: str) -> None:
        self.of: Order = {}
        self._module = module
        self._function = ""

    def visit(self, node: ast.AST) -> None:
        """Look at statements only: no expression imports."""
        if not isinstance(node, ast.expr):
            super().visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Enter a function; what functions in it import counts as its own."""
        outer, self._function = self._function, self._function or f"{self._module}.{node.name}()"
        self.generic_visit(node)
        self._function = outer

    def visit_If(self, node: ast.If) -> None:
        """Leave out what is for type checking."""
        if "TYPE_CHECKING" not in ast.unparse(node.test):
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        """`import a.b`."""
        self._note(each.name for each in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """`from a import b`."""
        self._note([node.module or "", *(f"{node.module}.{each.name}" for each in node.names)])

    def _note(self, names: Iterable[str]) -> None:
        if self._function:
            self.of.setdefault(self._function, []).extend(names)


class _Recorded:
    """A loader that records when its module is loaded."""

    def __init__(self, loader: Any, recorder: Recorder) -> None:
        self._loader, self._recorder = loader, recorder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: Any) -> Any:
        """Create it as its own loader does."""
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        """Load it by its own loader, which it keeps."""
        module.__spec__.loader = module.__loader__ = self._loader
        self._recorder.begin(module.__name__)
        try:
            self._loader.exec_module(module)
        finally:
            self._recorder.end()


class Recorder:
    """Records who asks for what while modules are loaded."""

    def __init__(self) -> None:
        self.before = frozenset(sys.modules)
        self.order: Order = {}
        self.complete_in: dict[tuple[str, str], AbstractSet[str]] = {}
        """(package, its part) -> what the package has completed when it comes to the part."""
        self._loading: list[tuple[str, list[str]]] = []
        self._import, self._import_module = builtins.__import__, importlib.import_module

    def record(self, names: Iterable[str]) -> None:
        """Import what of these is a module, and record it."""
        builtins.__import__, importlib.import_module = self._imported, self._imported_by_name
        sys.meta_path.insert(0, self)
        try:
            for name in names:
                try:
                    importlib.import_module(name)
                except ModuleNotFoundError as error:
                    if error.name != name:  # this one may be of something in a module
                        raise
        finally:
            builtins.__import__, importlib.import_module = self._import, self._import_module
            sys.meta_path.remove(self)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Find what is imported by C: that asks nobody but the finders."""
        if self._loading and self._loading[-1][0] == name:
            return None
        for finder in sys.meta_path:
            spec: Any = None if finder is self else finder.find_spec(name, path, target)
            if spec:
                self._note(name)
                if spec.loader:
                    spec.loader = _Recorded(spec.loader, self)
                return spec
        return None

    def _load(self, name: str) -> None:
        """Load a module as Python does: its package first, while its own lock is held."""
        self._note(name)
        if name in sys.modules:
            return
        self.begin(name)
        try:
            package = name.rpartition(".")[0]
            if package and package not in sys.modules:
                self._load(package)
            self._import(name)
        finally:
            self.end()

    def begin(self, name: str) -> None:
        """Note that a module is being loaded from now on."""
        for at, (package, _) in enumerate(self._loading):
            if name.startswith(f"{package}."):
                self.complete_in[package, name] = {each for _, done in self._loading[at:] for each in done}
        self._loading.append((name, []))

    def end(self) -> None:
        """Note that what began last is loaded."""
        name, done = self._loading.pop()
        if self._loading:
            self._loading[-1][1].extend([*done, name])

    def _load_parts(self, package: str, names: Iterable[str]) -> None:
        """Load what of these names is a module of a package, as `from package import name` does."""
        for name in names:
            if not hasattr(sys.modules[package], name):
                try:
                    self._load(f"{package}.{name}")
                except ModuleNotFoundError as error:
                    if error.name != f"{package}.{name}":
                        raise

    def _imported_by_name(self, name: str, package: str | None = None) -> Any:
        self._load(util.resolve_name(name, package))
        return self._import_module(name, package)

    def _imported(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - as the import statement passes them
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        full = name
        if level and globals is not None:
            package = globals.get("__package__") or globals["__name__"].rpartition(".")[0]
            full = util.resolve_name("." * level + name, package)
        self._load(full)
        if hasattr(sys.modules[full], "__path__"):
            self._load_parts(full, _all_of(sys.modules[full], fromlist or ()))
        module = self._import(name, globals, locals, fromlist, level)
        for each in fromlist or ():
            if f"{full}.{each}" in sys.modules:
                self._note(f"{full}.{each}")
        return module

    def _note(self, name: str) -> None:
        if self._loading and name not in self.before and name != self._loading[-1][0]:
            self.order.setdefault(self._loading[-1][0], []).append(name)
            if name in sys.modules and all(name != loading for loading, _ in self._loading):
                self._loading[-1][1].append(name)


def _all_of(package: Any, names: Sequence[str]) -> Sequence[str]:
    """The names that `from package import names` asks for, without the star."""
    return [each for name in names for each in (getattr(package, "__all__", ()) if name == "*" else (name,))]


class Locks:
    """Whose lock is asked for while which other is held; functions hold none."""

    def __init__(self, recorder: Recorder) -> None:
        self._before = recorder.before
        self._order = {who: list(dict.fromkeys(names)) for who, names in recorder.order.items()}
        self._complete_in = recorder.complete_in
        self._all: dict[str, AbstractSet[str]] = {}
        self.after: dict[str, set[str]] = {}
        for who in self._order:
            self._add(who)

    def _parents(self, name: str) -> Iterator[str]:
        while (name := name.rpartition(".")[0]) and name not in self._before:
            yield name

    def _needs(self, name: str) -> AbstractSet[str]:
        """All that is loaded, or begun, when a module is loaded."""
        if name not in self._all:
            needed, new = {name}, [name]
            while new:
                each = new.pop()
                more = {*self._order.get(each, ()), *self._parents(each)} - needed
                needed |= more
                new.extend(more)
            self._all[name] = needed
        return self._all[name]

    def _add(self, who: str) -> None:
        done = set() if who.endswith("()") else self._complete_before(who)
        for name in self._order[who]:
            if name in done:
                continue
            self.after.setdefault(who, set()).add(name)
            below = name
            for parent in self._parents(name):
                if parent != who and not who.startswith(f"{parent}.") and parent not in done:
                    self.after.setdefault(below, set()).add(parent)
                below = parent
            if who not in self._needs(name):
                done |= self._needs(name)

    def _complete_before(self, who: str) -> set[str]:
        """What is complete whenever a part of a package is loaded: the package, or what it loads before the part."""
        done: set[str] = set()
        for package in self._parents(who):
            if who not in self._needs(package):
                done |= self._needs(package)
            else:
                for each in self._complete_in.get((package, who), ()):
                    done |= {each} if package in self._needs(each) else self._needs(each)
        return done

    def unsafe(self) -> Iterator[dict[str, list[str]]]:
        """Each circle that threads can begin in different places, with who begins where."""
        starts = [who for who in self.after if who.endswith("()")]
        by: dict[str, set[str]] = {}
        for who, names in self.after.items():
            for name in names:
                by.setdefault(name, set()).add(who)
        for circle in self._circles(starts):
            ways_in = {name: sorted(by[name] - circle) for name in sorted(circle) if by[name] - circle}
            through = self._reached(set(ways_in), by) - circle
            if len(ways_in) > 1 and not any(
                each
                for each in through
                if not each.endswith("()") and not self._reached(starts, self.after, each) & circle
            ):
                yield ways_in

    @staticmethod
    def _reached(starts: Iterable[str], steps: Mapping[str, set[str]], without: str = "") -> set[str]:
        reached, new = set(starts), list(starts)
        while new:
            more = steps.get(new.pop(), set()) - reached - {without}
            reached |= more
            new.extend(more)
        return reached

    def _circles(self, starts: Sequence[str]) -> Iterator[set[str]]:
        by: dict[str, set[str]] = {}
        for who, names in self.after.items():
            for name in names:
                by.setdefault(name, set()).add(who)
        seen: set[str] = set()
        for name in sorted(self._reached(starts, self.after)):
            if name not in seen and name in self.after and name in by:
                circle = self._reached([name], self.after) & self._reached([name], by)
                seen |= circle
                if len(circle) > 1:
                    yield circle


def unsafe_circles(source: Path, package: str, loaded: Sequence[str], not_these: str) -> list[dict[str, list[str]]]:
    """Circles of modules that two threads can begin in different places."""
    for name in loaded:
        importlib.import_module(name)
    modules: list[str] = []
    late: Order = {}
    for path in sorted((source / package).rglob("*.py")):
        module = ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")
        if not_these and f"{module}.".startswith(f"{not_these}."):
            continue
        modules.append(module)
        found = LateImports(module)
        found.visit(ast.parse(path.read_bytes()))
        late |= found.of
    recorder = Recorder()
    recorder.record(modules)
    recorder.record(name for names in late.values() for name in names)
    for who, names in late.items():
        recorder.order[who] = [name for name in names if name in sys.modules and name not in recorder.before]
    recorder.order[f"{package}()"] = [each for each in modules if each not in recorder.before]
    return list(Locks(recorder).unsafe())


if __name__ == "__main__":
    _source, _package, _loaded, *_rest = sys.argv[1:]
    sys.path.insert(0, _source)
    sys.stdout.write(json.dumps(unsafe_circles(Path(_source), _package, _loaded.split(","), "".join(_rest)), indent=1))
