"""A skeleton version, compiled to be baked many times, and a bounded cache of compiled versions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from jinja2 import Template

from scenedock.skeletons.author_errors import blaming
from scenedock.skeletons.questions.questions import read_questions
from scenedock.skeletons.rendering.bodies import Body, Fixed, read_body
from scenedock.skeletons.rendering.options import read_options
from scenedock.skeletons.rendering.plan import RenderFile, RenderStep, plan_steps, project_folder
from scenedock.skeletons.sandbox.environment import SkeletonEnvironment, SkeletonLoader
from scenedock.skeletons.sandbox.template_code import TemplateCode
from scenedock.skeletons.skeleton import Skeleton

MEMORY_OF_ONE = 100_000
"""Upper bound of the fixed bytes that a compiled skeleton takes; 63,000 were measured."""
MEMORY_OF_A_BYTE = 15
"""Upper bound of bytes for each byte of its source; 13 were measured where nearly everything is code."""


class CompiledSkeleton:
    """One version of a skeleton, for any number of bakes in any number of threads.

    Bodies and path templates are compiled on first use; two threads may then compile the same one, with equal results.
    `extensions` are the classes to import from the skeleton's `_extensions`; they are Python code of the skeleton, so
    only a confined process passes any. `code` has what earlier processes have compiled.

    Raises
    ------
    SkeletonError   the folder isn't a skeleton, or its cookiecutter.json is invalid
    """

    def __init__(self, skeleton: Skeleton, extensions: Sequence[str] = (), code: TemplateCode | None = None) -> None:
        self.skeleton = skeleton
        self.code = code or TemplateCode()
        self.questions = read_questions(skeleton)
        self.options = read_options(self.questions, skeleton.label)
        self.is_code = self.options.code_finder()
        self._extensions = extensions
        self._bodies: dict[str, Body] = {}
        self._texts: dict[str, Template] = {}
        self._nested: dict[str, CompiledSkeleton] = {}

    def nested(self, folder: str) -> CompiledSkeleton:
        """The compiled skeleton in a subfolder.

        Raises
        ------
        SkeletonError   there is none, or it is invalid
        """
        if folder not in self._nested:
            self._nested[folder] = CompiledSkeleton(self.skeleton.nested(folder))
        return self._nested[folder]

    @cached_property
    def project(self) -> str:
        """The unrendered name of the folder that becomes the project."""
        return project_folder(self.skeleton, self.options.variable_start, self.options.variable_end)

    @cached_property
    def steps(self) -> tuple[RenderStep, ...]:
        """The steps for each file and folder, in order."""
        return plan_steps(self.skeleton, self.project, self.options.copied)

    @cached_property
    def environment(self) -> SkeletonEnvironment:
        """The Jinja environment with this skeleton's options."""
        loader = SkeletonLoader((self.project, "templates"), self.skeleton.text)
        return SkeletonEnvironment(
            loader, self.options.jinja, (*self.options.safe_extensions, *self._extensions), self.code
        )

    def render_text(self, text: str, context: Mapping[str, Any], path: str, line: int | None = None) -> str:
        """Render a short text from the skeleton; `path` and `line` are its place, for errors."""
        if not self.is_code(text):
            return text.replace("\n", self.options.template_line_end)
        with blaming(self.skeleton.label, path, self.skeleton.text, line):
            template = self._texts.get(text)
            if template is None:
                template = self._texts[text] = self.environment.from_string(text)
            return template.render(context)

    def render_body(self, step: RenderFile, context: Mapping[str, Any]) -> bytes:
        """The bytes of a file of the result."""
        body = self._bodies.get(step.source)
        if body is None:
            body = read_body(self.skeleton, step.source, step.path, self.options, self.is_code)
            self._bodies[step.source] = body
        if isinstance(body, Fixed):
            return body.content
        with blaming(self.skeleton.label, step.source, self.skeleton.text):
            return body.encode(self.environment.get_template(body.name).render(context))


class CompiledSkeletons:
    """A cache of the skeleton versions that were used last, limited in number and in bytes of their sources.

    This limits its memory to `most * MEMORY_OF_ONE + most_bytes * MEMORY_OF_A_BYTE`, about 130 MB with the defaults. A
    skeleton that is larger than the limit by itself is compiled each time. `code_of` finds what earlier processes have
    compiled of a skeleton.
    """

    def __init__(
        self,
        most: int = 64,
        most_bytes: int = 8 * 1024 * 1024,
        code_of: Callable[[Skeleton], TemplateCode] = lambda _: TemplateCode(),
    ) -> None:
        self._most = most
        self._code_of = code_of
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, tuple[CompiledSkeleton, int]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, version: str, read: Callable[[], Skeleton]) -> CompiledSkeleton:
        """The compiled skeleton of a version; `read` is called if it isn't in the cache."""
        with self._lock:
            if version in self._kept:
                self._kept.move_to_end(version)
                return self._kept[version][0]
        skeleton = read()
        compiled = CompiledSkeleton(skeleton, code=self._code_of(skeleton))
        size = sum(len(file.content) for file in skeleton.files.values())
        if size <= self._most_bytes:
            self._keep(version, compiled, size)
        return compiled

    def _keep(self, version: str, compiled: CompiledSkeleton, size: int) -> None:
        with self._lock:
            if version in self._kept:
                return
            self._kept[version] = compiled, size
            self._bytes += size
            while len(self._kept) > self._most or self._bytes > self._most_bytes:
                _, (_, dropped) = self._kept.popitem(last=False)
                self._bytes -= dropped
