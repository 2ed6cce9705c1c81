"""Input and JSON form of a planned environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from scenedock.actions.changes.planned import RefusalOutput
from scenedock.model.json_documents import JsonDocument, Model

if TYPE_CHECKING:
    from scenedock.changes.environments.decisions import Decision
    from scenedock.changes.environments.planned import EnvironmentPlan, Lack, NewEnvironment

AnswerValue = str | int | float | bool | None
Patterns = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=500)], ...], Field(max_length=500)]


class AnswersInput(Model):
    """The answers to keys that are asked."""

    answers: Annotated[
        dict[str, AnswerValue],
        "Values by key: for what is asked, or instead of what is decided",
        Field(max_length=1000),
    ] = {}  # noqa: RUF012 - pydantic copies it
    answer_lines: Annotated[
        str, "The same as lines `KEY=VALUE`, as a form has them; empty lines don't count", Field(max_length=100_000)
    ] = ""
    keep: Annotated[
        Patterns, "Patterns such as `resources.*`: keys that are asked get what is there in the source"
    ] = ()
    accept: Annotated[Patterns, "Patterns of keys that are asked and get what is suggested"] = ()
    drop: Annotated[Patterns, "Patterns of keys of the source that are left out"] = ()

    @property
    def all_answers(self) -> dict[str, AnswerValue]:
        """The answers by key, those in lines among them."""
        from scenedock.changes.environments.answering import split_answer

        lines = [split_answer(line) for line in self.answer_lines.splitlines() if line.strip()]
        return {**{key.strip(): value.strip() for key, _, value in lines}, **self.answers}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler, /) -> JsonSchemaValue:
        """The schema with what is asked in front of the answers."""
        written = super().__get_pydantic_json_schema__(schema, handler)
        properties = handler.resolve_ref_schema(written)["properties"]
        for name in (*(each.alias or name for name, each in AnswersInput.model_fields.items()), "requestId"):
            if name in properties:
                properties[name] = properties.pop(name)
        return written


class EnvironmentInput(AnswersInput):
    """Which environment is made from which, and the answers."""

    service: Annotated[str, "Name of the service, or a reference of its Component", Field(min_length=1)]
    environment: Annotated[str, "Name of the new environment", Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")]
    from_environment: Annotated[str, "The environment that is copied", Field(min_length=1)]
    repository: Annotated[str | None, "Name of the repository, where several deploy the service there"] = None

    @property
    def wish(self) -> NewEnvironment:
        """What is wanted."""
        from scenedock.changes.environments.planned import NewEnvironment

        return NewEnvironment(
            service=self.service,
            environment=self.environment,
            source=self.from_environment,
            repository=self.repository,
            answers=self.all_answers,
            kept=self.keep,
            accepted=self.accept,
            dropped=self.drop,
        )


class DecisionOutput(JsonDocument):
    """What becomes of a key."""

    outcome: Annotated[str, "`copied`, `replaced`, `left out` or `asked`"]
    key: Annotated[str, "What names it in answers"]
    place: Annotated[str, "File and line in the source"]
    old: Annotated[AnswerValue, "What is there in the source; null of what is left out, which may be a secret"]
    new: Annotated[AnswerValue, "What the new environment gets; null of what is left out, or waits for an answer"]
    suggestion: Annotated[AnswerValue, "What an answer probably is; null where nothing tells"]
    reason: Annotated[str, "The evidence"]
    open: Annotated[bool, "Whether a person must answer still"]
    change: Annotated[str, "Old and new for people, in one line"]

    @classmethod
    def of(cls, decision: Decision) -> DecisionOutput:
        """The document of it."""
        from scenedock.changes.environments.text import change

        return cls(
            outcome=decision.outcome,
            key=decision.key,
            place=str(decision.place),
            old=decision.old,
            new=decision.old if decision.outcome == "copied" else decision.new,
            suggestion=decision.suggestion,
            reason=decision.reason,
            open=decision.is_open,
            change=change(decision),
        )


class LackOutput(JsonDocument):
    """What the environment still needs."""

    need: Annotated[
        str,
        "`deployment`, `service`, `sealed secret`, `external secret`, `value`, `file`, `image`, `owners`, `automation`",
    ]
    what: str
    place: Annotated[str | None, "File and line, where there is one"]
    remedy: Annotated[str, "What to do, or the command"]

    @classmethod
    def of(cls, lack: Lack) -> LackOutput:
        """The document of it."""
        return cls(need=lack.need, what=lack.what, place=str(lack.place) or None, remedy=lack.remedy)


class PlanOutput(JsonDocument):
    """A planned environment."""

    repository: Annotated[str, "Name of the repository"]
    service: Annotated[str, "Name of the service"]
    environment: Annotated[str, "Name of the new environment"]
    from_environment: Annotated[str, "The environment that is copied"]
    namespace: Annotated[str, "Its namespace; empty where the repository doesn't say it"]
    hosts: Annotated[tuple[str, ...], "Its host names"]
    counts: Annotated[dict[str, int], "How many keys have each outcome"]
    decisions: Annotated[tuple[DecisionOutput, ...], "Each key of the source, once"]
    files: Annotated[tuple[str, ...], "The files that are new or change"]
    lacks: Annotated[tuple[LackOutput, ...], "What it needs still"]
    refusals: Annotated[tuple[RefusalOutput, ...], "What speaks against it; with any, it isn't made"]
    notes: Annotated[tuple[str, ...], "What else whoever decides should know"]

    @classmethod
    def of(cls, plan: EnvironmentPlan) -> PlanOutput:
        """The document of it."""
        from scenedock.changes.environments.decisions import counted

        return cls(
            repository=plan.repository,
            service=plan.service,
            environment=plan.new,
            from_environment=plan.old,
            namespace=plan.namespace,
            hosts=plan.hosts,
            counts=dict(counted(plan.decisions).items()),
            decisions=tuple(map(DecisionOutput.of, plan.decisions)),
            files=tuple(each.path for each in plan.planned.files),
            lacks=tuple(map(LackOutput.of, plan.lacks)),
            refusals=tuple(map(RefusalOutput.of, plan.planned.refusals)),
            notes=plan.planned.notes,
        )
