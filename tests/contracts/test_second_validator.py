"""Two implementations of JSON Schema say the same under every schema of ours.

The product asks jsonschema-rs. jsonschema, which others wrote in another language, is the second opinion: on everything
that the tests have for these schemas, and on what chance makes of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from referencing import Registry, Resource

from scenedock.actions import ACTIONS
from scenedock.catalog.vocabulary import settings as scenedock_yaml
from scenedock.catalog.vocabulary.formats import FORMATS
from scenedock.documents.problems import Format
from scenedock.effects.code_hosts import host_list
from scenedock.skeletons import sources
from scenedock.skeletons.questions.questions import RULES_SCHEMA
from tests.contracts.test_verdicts_equal_backstages import FILES, entities_of
from tests.effects.code_hosts import test_host_list
from tests.skeletons import test_sources
from tests.tools.instances import instances
from tests.tools.mutants import mutants
from tests.tools.openapi import DOCUMENT

ROOT = Path(__file__).parents[2]
SCHEMAS = resources.files("scenedock.catalog") / "schemas"
ENTITY = json.loads((SCHEMAS / "entities" / "entity.schema.json").read_bytes())
EXAMPLES = 30


@dataclass(frozen=True)
class Contract:
    """A schema of ours, and values that it is for; without any, such as its own words allow."""

    name: str
    schema: Mapping[str, Any]
    values: Sequence[Any] = ()
    formats: Mapping[str, Format] = field(default_factory=dict)

    def ours(self) -> Callable[[Any], bool]:
        registry = jsonschema_rs.Registry([(ENTITY["$id"], ENTITY)])
        formats = {name: rule.holds for name, rule in self.formats.items()}
        return jsonschema_rs.Draft202012Validator(
            dict(self.schema), formats=formats, validate_formats=bool(formats), registry=registry, offline=True
        ).is_valid

    def second(self) -> Callable[[Any], bool]:
        checker = jsonschema.FormatChecker(formats=())
        for name, rule in self.formats.items():
            checker.checks(name)(lambda value, rule=rule: not isinstance(value, str) or rule.holds(value))
        registry = Resource.from_contents(ENTITY) @ Registry()
        return jsonschema.Draft202012Validator(self.schema, registry=registry, format_checker=checker).is_valid

    def strategy(self) -> st.SearchStrategy[Any]:
        return st.sampled_from(self.values) if self.values else instances(self.schema, self.schema)


def entity_contracts() -> list[Contract]:
    """Each kind's schema, with all entities of the corpus, whatever their kind."""
    entities = [entity for file in FILES for entity in entities_of(file)]
    files = sorted(SCHEMAS.joinpath("entities").iterdir(), key=lambda file: file.name)
    return [Contract(file.name, json.loads(file.read_bytes()), entities, FORMATS) for file in files]


def file_contracts() -> list[Contract]:
    """The files that people write."""
    schema = json.loads(SCHEMAS.joinpath("scenedock.schema.json").read_bytes())
    files = sorted([*ROOT.glob("examples/**/scenedock.yaml"), *ROOT.glob("tests/cases/**/scenedock.yaml")])
    written = [yaml.safe_load(file.read_bytes()) for file in files]
    questions = sorted([*ROOT.glob("cookiecutters/*/cookiecutter.json"), *ROOT.glob("tests/**/cookiecutter.json")])
    rules = [json.loads(file.read_bytes()).get("_scenedock", {}) for file in questions]
    return [
        Contract("scenedock.yaml", schema, written, scenedock_yaml._FORMATS),
        Contract("skeleton list", sources.SCHEMA, [yaml.safe_load(test_sources.LIST)]),
        Contract("code hosts", host_list.SCHEMA, [yaml.safe_load(test_host_list.LIST)]),
        Contract("rules of questions", RULES_SCHEMA, rules),
    ]


def action_contracts() -> list[Contract]:
    """What each action takes and gives."""
    return [
        contract
        for action in ACTIONS
        for contract in (
            Contract(f"{action.name} input", action.input_schema(), [example.input for example in action.examples]),
            Contract(f"{action.name} output", action.output_schema()),
        )
    ]


def answer_contracts() -> list[Contract]:
    """What the service answers, each schema once."""
    found = {
        json.dumps(content["schema"], sort_keys=True): f"{method} {path} {status}"
        for path, operations in DOCUMENT["paths"].items()
        for method, operation in operations.items()
        for status, answer in operation["responses"].items()
        for kind, content in answer.get("content", {}).items()
        if kind == "application/json"
    }
    shared = {"components": DOCUMENT["components"]}
    return [Contract(name, {**json.loads(schema), **shared}) for schema, name in found.items()]


CONTRACTS = [*entity_contracts(), *file_contracts(), *action_contracts(), *answer_contracts()]


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_both_understand_the_schema(contract: Contract) -> None:
    jsonschema_rs.meta.validate(dict(contract.schema))
    jsonschema.Draft202012Validator.check_schema(contract.schema)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_both_say_the_same_of_every_value_and_of_what_chance_makes_of_it(contract: Contract) -> None:
    ours, second = contract.ours(), contract.second()
    verdicts = [(value, ours(value), second(value)) for value in (*contract.values, None)]

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
    @given(contract.strategy().flatmap(lambda value: st.just(value) | mutants([value])))
    def collect(value: Any) -> None:
        verdicts.append((value, ours(value), second(value)))

    collect()

    assert [verdict for verdict in verdicts if verdict[1] != verdict[2]] == []
    assert {verdict for _, verdict, _ in verdicts} == {True, False}
