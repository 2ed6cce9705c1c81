"""Render what is deployed: charts with helm, kustomizations with kustomize, plain files as they are."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from scenedock.effects.helm.rendering import ChartRenderer, FileOf, Installation, Parameter, manifests_in
from scenedock.effects.kustomize.building import KustomizationBuilder
from scenedock.effects.local.confined_program import AT_ONCE
from scenedock.errors import InputError, NotFoundError
from scenedock.manifests.rendered import Rendered
from scenedock.model.json import JsonObject
from scenedock.structs import dataclass, field
from scenedock.usecases.manifests.state import State
from scenedock.usecases.manifests.targets import ChartPart, FilesPart, KustomizePart, Part, Target, ValuesFile
from scenedock.usecases.manifests.tools import RenderingTools


@dataclass(frozen=True, slots=True)
class Printed:
    """What tools print for the parts of a target; `reason` says why that is nothing."""

    target: Target
    texts: tuple[bytes, ...] = ()
    reason: str = ""

    def rendered(self) -> Rendered:
        """Its manifests."""
        target = self.target
        try:
            manifests = tuple(each for text in self.texts for each in manifests_in(text))
        except InputError as error:
            return Rendered(target.repository, target.service, target.environment, (), str(error))
        return Rendered(target.repository, target.service, target.environment, manifests, self.reason)


@dataclass(slots=True)
class TargetRenderer:
    """Renders targets with the programs of this machine, two at once. What is copied for them is kept until the end."""

    tools: RenderingTools
    _stack: ExitStack = field(default_factory=ExitStack)
    _charts: ChartRenderer = field(init=False)
    _kustomizations: KustomizationBuilder = field(init=False)

    def __enter__(self) -> Self:
        self._charts = self._stack.enter_context(ChartRenderer(self.tools.helm, self.tools.charts))
        self._kustomizations = KustomizationBuilder(self.tools.kustomize, self._charts.turn)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, where)

    def print_all(self, asked: Sequence[tuple[State, Target]]) -> list[Printed]:
        """What is printed for each of some targets at their times, in the same order.

        Raises
        ------
        NotAllowedError   this machine can't sandbox a process
        """
        with ThreadPoolExecutor(AT_ONCE) as threads:
            return list(threads.map(lambda one: self.print(*one), asked))

    def print(self, state: State, target: Target) -> Printed:
        """What is printed for a target, or why nothing is.

        Raises
        ------
        NotAllowedError   this machine can't sandbox a process
        """
        if target.reason or not target.parts:
            return Printed(target, reason=target.reason or "nothing says what is deployed")
        try:
            return Printed(target, tuple(self._printed(state, part) for part in target.parts))
        except (InputError, NotFoundError) as error:
            return Printed(target, reason=str(error))

    def _printed(self, state: State, part: Part) -> bytes:
        if isinstance(part, FilesPart):
            with self._charts.turn:
                source = state.source(part.repository)
                return b"\n---\n".join(source.read(path) for path in part.paths)
        if isinstance(part, KustomizePart):
            return self._kustomizations.build(state.source(part.repository), part.folder, part.overlay)
        return self._charts.render(state.source(part.repository), _installation(state, part))


def _installation(state: State, part: ChartPart) -> Installation:
    return Installation(
        part.folder,
        part.release,
        part.namespace or "default",
        tuple(_given(state, part, each) for each in part.values),
        tuple(
            Parameter(each.name, each.value, each.by == "set-string", each.by == "set-file") for each in part.parameters
        ),
        part.has_crds,
        part.options,
        part.remote,
    )


def _given(state: State, part: ChartPart, values: ValuesFile | JsonObject) -> str | FileOf | JsonObject:
    if not isinstance(values, ValuesFile):
        return values
    if values.repository == part.repository:
        return values.path
    return FileOf(state.source(values.repository), values.repository, values.path)
