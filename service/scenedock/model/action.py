"""Actions: each is a named, typed and documented entry to one use case, the same for every door."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, get_type_hints

from scenedock.errors import InputError
from scenedock.model.addresses import REDACTED
from scenedock.model.json import Json, JsonObject
from scenedock.model.schemas import plain
from scenedock.structs import dataclass, field, replace

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from scenedock.model.json_documents import Model

PLUGIN_ID = "scenedock"
"""Our plugin id in Backstage: the first part of each action's id, and the audience of tokens for us."""

PAGES = "pages"
"""What rules call our own pages, as if they were a plugin."""

WITHOUT_APPROVAL = "pass-approval"
"""The right to go on without an approval."""

BASE_PATH = f"/api/{PLUGIN_ID}"
"""The base path of a plugin in a Backstage backend, and of all routes of this service."""


Scope: TypeAlias = Literal["read", "run", "admin"]
"""What a caller may do: read, run actions that change something, administer. Each scope includes those before it."""
SCOPES: tuple[Scope, ...] = ("read", "run", "admin")


@cache
def _schema(model: type[Model], mode: Literal["validation", "serialization"]) -> JsonObject:
    """Made once, because each list of the actions has all of them."""
    return plain(model.model_json_schema(mode=mode))


class Sensitive:
    """A mark for a field's `Annotated` that keeps its value out of logs and tasks; of an object, the keys are shown."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """The side effects of an action, as Backstage and MCP declare them to callers.

    `idempotent` means that calling it again with the same input changes nothing more. `dry_run` means that Backstage's
    dry runs call it: it leaves nothing outside of this service. Backstage calls only what it believes to be read-only,
    so it is told so; for everything here, callers and limits among it, the action changes something.
    """

    read_only: bool = False
    destructive: bool = False
    idempotent: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """One documented input, with the names used on the wire; a test validates or runs each example."""

    description: str
    input: JsonObject


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `subject` is the plugin, token or account; `user` the entity reference of the user it acts for.

    `actions` are the names of the actions that it may run; if empty, it may run all that its scope covers. `groups` are
    those of the user, if whoever signed the user in knows them; None: Backstage's catalog does.
    `user_token` is the user's token of Backstage, which asks Backstage something on the user's behalf; it is never
    stored or shown.
    """

    subject: str
    kind: Literal["backstage", "token", "local", "pages"]
    user: str | None = None
    scope: Scope = "read"
    actions: tuple[str, ...] = ()
    groups: frozenset[str] | None = None
    user_token: str = field(default="", repr=False, compare=False)

    @property
    def name(self) -> str:
        """The user, if it acts for one, else the plugin, token or account."""
        return self.user or self.subject

    @property
    def plugin(self) -> str:
        """The id of the plugin of Backstage that calls, `pages` for a person on our own pages; empty for others."""
        if self.kind == "pages":
            return PAGES
        return self.subject.removeprefix("plugin:") if self.kind == "backstage" else ""

    @property
    def token(self) -> str:
        """The name of the static token; empty for others."""
        return self.subject.removeprefix("token:") if self.kind == "token" else ""

    def may(self, scope: Scope) -> bool:
        """Whether the caller's scope includes this one."""
        return SCOPES.index(scope) <= SCOPES.index(self.scope)


COMMAND_LINE = Caller("command-line", "local", scope="admin")
"""The person at the command line: they may do whatever the data and the settings allow."""

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Context(Generic[E]):
    """The context of one call of an action.

    `effects` are the effects that actions use, built once in wiring. `task_id` and `step_id` identify the task that
    runs the action, in its `attempt`. If `tried_before` is set, an earlier run of the task may have created something
    already: a use case looks for it before it creates anything. `log` writes to the log that the caller reads.
    `secrets` are never shown.
    """

    caller: Caller
    effects: E
    task_id: str = ""
    step_id: str = ""
    attempt: int = 1
    tried_before: bool = False
    request_id: str = ""
    log: Callable[[str], None] = lambda _message: None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


In = TypeVar("In", bound="Model")
Out = TypeVar("Out", bound="Model")


@dataclass(frozen=True, slots=True)
class Action(Generic[E]):
    """One action. `name` is kebab-case; `description` is the function's docstring up to its first section.

    `rights` are what a caller needs besides, by the input fields that need it: a rule must name it. `guarded`: what it
    does is compared with what needs an approval. `compensation` takes back what it did (see `tasks.compensations`).
    """

    name: str
    description: str
    input: type[Model]
    output: type[Model]
    function: Callable[[Context[E], Any], Model]
    attributes: Attributes
    examples: tuple[Example, ...] = ()
    rights: Mapping[str, str] = field(default_factory=dict)
    guarded: bool = False
    compensation: Callable[[Context[E], Any], Sequence[str]] | None = None

    @property
    def id(self) -> str:
        """`scenedock:<name>`, as Templates write it."""
        return f"{PLUGIN_ID}:{self.name}"

    @property
    def title(self) -> str:
        """The name for people, such as `Bake skeleton`."""
        return self.name.replace("-", " ").capitalize()

    @property
    def summary(self) -> str:
        """The description's first sentence."""
        return self.description.partition("\n")[0]

    @property
    def asks_approval(self) -> bool:
        """Whether rules can want an approval of it, which some may pass."""
        return WITHOUT_APPROVAL in self.rights.values()

    @property
    def needs_rules(self) -> bool:
        """Whether it does something else where the rules about approvals are missing."""
        return self.asks_approval or self.guarded

    @property
    def needed_scope(self) -> Scope:
        """The scope that a caller needs."""
        return "read" if self.attributes.read_only else "run"

    def refused_to(self, caller: Caller) -> str:
        """Why a caller may not run the action; empty if it may."""
        if not caller.may(self.needed_scope):
            return f"{self.id} needs a caller with scope `{self.needed_scope}`; this one has `{caller.scope}`"
        if caller.actions and self.name not in caller.actions:
            return f"{self.id} is not one of the actions that {caller.subject} may run: {', '.join(caller.actions)}"
        return ""

    def input_schema(self) -> JsonObject:
        """The JSON Schema (2020-12) of the input."""
        return deepcopy(_schema(self.input, "validation"))

    def output_schema(self) -> JsonObject:
        """The JSON Schema (2020-12) of the output."""
        return deepcopy(_schema(self.output, "serialization"))

    def check(self, values: JsonObject) -> Model:
        """The validated input, as the action receives it.

        Raises
        ------
        InputError   one or more fields are invalid; the message names them all, without their values
        """
        from pydantic import ValidationError

        try:
            return self.input.model_validate_json(json.dumps(values), by_name=False, by_alias=True)
        except ValidationError as error:
            problems = [message for _, message in _problems(self.input, error)]
            raise InputError(f"{self.id}: {'; '.join(problems)}") from None

    def problems(self, values: JsonObject) -> Mapping[str, str]:
        """What is wrong with an input, by the names of its fields; none if it is valid."""
        from pydantic import ValidationError

        try:
            self.input.model_validate_json(json.dumps(values), by_name=False, by_alias=True)
        except ValidationError as error:
            return dict(reversed(_problems(self.input, error)))
        return {}

    def redacted(self, values: JsonObject) -> JsonObject:
        """The input as it may be logged and stored: without sensitive values and unknown fields."""
        shown: dict[str, Json] = {}
        for name, field_info in self.input.model_fields.items():
            key = field_info.alias or name
            if key in values:
                hidden = any(isinstance(mark, Sensitive) for mark in field_info.metadata)
                shown[key] = _hidden(values[key]) if hidden else values[key]
        return shown

    def run(self, context: Context[E], values: JsonObject) -> JsonObject:
        """Validate the input, run the action, and return its output as JSON.

        Raises
        ------
        InputError        the input is invalid
        ScenedockError    any error that the action raises
        """
        output = self.function(context, self.check(values))
        if not isinstance(output, self.output):
            raise TypeError(f"{self.id} gave {type(output).__name__}, not its {self.output.__name__}")
        return output.model_dump(mode="json", by_alias=True)


def action(
    name: str,
    *,
    read_only: bool = False,
    destructive: bool = False,
    idempotent: bool = False,
    dry_run: bool = False,
    examples: Sequence[Example] = (),
    rights: Mapping[str, str] | None = None,
) -> Callable[[Callable[[Context[E], In], Out]], Action[E]]:
    """Make an action from a function `(context, input) -> output`; registers nothing.

    Input and output are the models in the function's annotations, the description is its docstring.
    """
    from scenedock.model.json_documents import Model

    def make(function: Callable[[Context[E], In], Out]) -> Action[E]:
        hints = get_type_hints(function)
        models = [hint for hint in hints.values() if inspect.isclass(hint) and issubclass(hint, Model)]
        input_model, output_model = models
        return Action(
            name=name,
            description=re.split(r"\n\n\w+\n-+\n", inspect.getdoc(function) or "")[0],
            input=input_model,
            output=output_model,
            function=function,
            attributes=Attributes(read_only, destructive, idempotent, dry_run),
            examples=tuple(examples),
            rights=dict(rights or {}),
        )

    return make


def guarded(action: Action[E]) -> Action[E]:
    """An action of which what it does is compared with what needs an approval."""
    return replace(action, guarded=True)


def _hidden(value: Json) -> Json:
    return dict.fromkeys(value, REDACTED) if isinstance(value, Mapping) else REDACTED


def _problems(model: type[Model], error: ValidationError) -> list[tuple[str, str]]:
    """All problems, each with the name of its field, which is empty for one of the whole input."""
    return [
        (str(next(iter(details["loc"]), "")), _problem(model, details)) for details in error.errors(include_url=False)
    ]


def _problem(model: type[Model], details: ErrorDetails) -> str:
    """One problem, with the name of its field; never with the value, which may be a secret."""
    place = ".".join(map(str, details["loc"]))
    message = details["msg"][0].lower() + details["msg"][1:]
    if details["type"] == "missing":
        message = "is required"
    elif details["type"] == "extra_forbidden" and len(details["loc"]) == 1:
        names = ", ".join(field_info.alias or name for name, field_info in model.model_fields.items())
        message = f"there is no such field; the fields are: {names or 'none'}"
    return f"`{place}` {message}" if place else message
