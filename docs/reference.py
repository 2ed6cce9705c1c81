"""Generate docs/reference from the code; with `--check`, write nothing and name the pages that are out of date."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
import yaml

from scenedock import errors
from scenedock.actions import ACTIONS
from scenedock.assessment import rules
from scenedock.assessment.claims import WEIGHTS
from scenedock.assessment.rules import RULES
from scenedock.catalog.mapping import annotations as annotation_rules
from scenedock.catalog.mapping import entities as mapping
from scenedock.doors.cli import main as program
from scenedock.doors.http import routes
from scenedock.doors.http.app import ROUTES
from scenedock.doors.http.openapi import openapi_document
from scenedock.model.action import Action
from scenedock.runtime.callers import rule_list
from scenedock.runtime.settings import Settings, describe_settings, shown_value, variable

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- Generated from the code by `make docs`; change it there. -->"

Schema = dict[str, Any]


def cli_page(name: str, program: click.Command) -> str:
    """Every command with its own help text, and the exit codes."""
    root = click.Context(program, info_name=name, terminal_width=100, **program.context_settings)
    sections = [f"## {typed.command_path}\n\n```text\n{typed.get_help()}\n```\n" for typed in contexts(root)]
    return "\n".join(["# Command line\n", *sections, "## Exit codes\n", exit_codes()])


def contexts(typed: click.Context) -> Iterator[click.Context]:
    """The context of a command and of all its subcommands, in the order of the help."""
    yield typed
    if isinstance(typed.command, click.Group):
        for word in typed.command.list_commands(typed):
            command = typed.command.get_command(typed, word)
            if command and not command.hidden:
                yield from contexts(click.Context(command, info_name=word, parent=typed, **command.context_settings))


def exit_codes() -> str:
    """Exit codes as a table: the two of every run, then those of the errors."""
    refusals: dict[int, list[str]] = {}
    for error in (each for each in errors.ERRORS if "exit_code" in vars(each)):
        refusals.setdefault(error.exit_code, []).append(f"{code(error.__name__)}: {first_sentence(error)}")
    rows = [("0", "Done, without findings of severity error."), ("1", "Done, with findings of severity error.")]
    return table(("code", "meaning"), rows + [(str(code), "<br>".join(refusals[code])) for code in sorted(refusals)])


def errors_page() -> str:
    """The table of `scenedock.errors`."""
    header = ("error", "name on the wire", "meaning", "HTTP status", "exit code")
    rows = [
        (code(each.__name__), code(each.wire_name), first_sentence(each), str(each.status), str(each.exit_code))
        for each in errors.ERRORS
    ]
    return f"# Errors\n\n{explanation(errors)}\n\n{table(header, rows)}"


def settings_page(schema: Schema) -> str:
    """A section for each top-level setting, with a table of the settings inside it."""
    header = ("setting", "type", "default", "example", "meaning")
    sections = []
    for setting in settings(schema, schema):
        default = f"- Default: {code(setting.default)}\n" if setting.default else ""
        example = yaml.safe_dump({setting.path: setting.examples[0]}, sort_keys=False) if setting.examples else ""
        inside = [nested.row() for nested in settings_below(schema, setting)]
        sections += [
            f"\n## `{setting.path}`\n\n{setting.meaning}\n\n- Type: {setting.kind}\n{default}",
            f"\n```yaml\n{example}```\n" if example else "",
            f"\n{table(header, inside)}" if inside else "",
        ]
    return f"# Settings\n\n{schema['description']}\n" + "".join(sections)


@dataclass(frozen=True)
class Setting:
    """One property of the settings file; `path` is `a.b`, with `[]` for any item and `*` for any key."""

    path: str
    schema: Schema
    kind: str

    @property
    def meaning(self) -> str:
        """The schema's description; properties that Backstage defines may have none."""
        return str(self.schema.get("description", ""))

    @property
    def default(self) -> str:
        """The default as JSON, or an empty string where there is none."""
        return json.dumps(self.schema["default"]) if "default" in self.schema else ""

    @property
    def examples(self) -> Sequence[Any]:
        """The example values."""
        examples: Sequence[Any] = self.schema.get("examples", ())
        return examples

    def row(self) -> tuple[str, ...]:
        """The setting as a row of a table, with its first example."""
        written = json.dumps(self.examples[0]) if self.examples else ""
        return (code(self.path), self.kind, code(self.default), code(written), self.meaning)


def settings(root: Schema, schema: Schema, path: str = "") -> Iterator[Setting]:
    """The properties of one object, in the order of the schema."""
    for name, written in schema.get("properties", {}).items():
        # Keys next to a reference belong to this one property, and take precedence.
        meant = resolved(root, written) | written
        yield Setting(f"{path}.{name}" if path else name, meant, kind_of(root, written))


def settings_below(root: Schema, setting: Setting) -> Iterator[Setting]:
    """Every setting inside this one, however deep."""
    for suffix, schema in objects_in(root, setting.schema):
        for nested in settings(root, schema, setting.path + suffix):
            yield nested
            yield from settings_below(root, nested)


def objects_in(root: Schema, schema: Schema, suffix: str = "") -> Iterator[tuple[str, Schema]]:
    """The objects that a value of this schema is or contains, with the suffix of the path that leads to each."""
    schema = resolved(root, schema)
    if "properties" in schema:
        yield suffix, schema
    if isinstance(schema.get("items"), dict):
        yield from objects_in(root, schema["items"], suffix + "[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from objects_in(root, schema["additionalProperties"], suffix + ".*")
    for choice in choices(schema):
        yield from objects_in(root, choice, suffix)


def kind_of(root: Schema, schema: Schema) -> str:
    """The type of a value, in words: `list of string`, `one of …`."""
    schema = resolved(root, schema)
    if choices(schema):
        return " or ".join(dict.fromkeys(kind_of(root, choice) for choice in choices(schema)))
    if "enum" in schema or "const" in schema:
        return ", ".join(code(str(value)) for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {kind_of(root, schema['items'])}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"map to {kind_of(root, schema['additionalProperties'])}"
    kinds = schema["type"]
    return kinds if isinstance(kinds, str) else " or ".join(kinds)


def choices(schema: Schema) -> Sequence[Schema]:
    """The alternatives of a schema that has some."""
    alternatives: Sequence[Schema] = schema.get("oneOf") or schema.get("anyOf") or ()
    return alternatives


def resolved(root: Schema, schema: Schema) -> Schema:
    """The schema that a local reference (`#/$defs/…`) names, or the schema itself."""
    if "$ref" not in schema:
        return schema
    target: Schema = root
    for part in schema["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    return resolved(root, target)


def entities_page() -> str:
    """The tables of the rules for entities and for their annotations."""
    entities = table(("entity", "from", "rule"), [(rule.entity, rule.source, rule.rule) for rule in mapping.MAPPING])
    evidence = table(
        ("annotation", "evidence"), [(code(rule.name), rule.evidence) for rule in annotation_rules.ANNOTATIONS]
    )
    return (
        f"# Entities\n\nThe source of each entity, and the rule that creates it.\n\n{entities}\n"
        f"## Annotations\n\n{explanation(annotation_rules)}\n\n{evidence}"
    )


def service_settings_page() -> str:
    """The settings of the service."""
    rows = []
    for name, setting in describe_settings().items():
        default = shown_value(getattr(Settings(), name))
        rows.append((code(variable(name)), code(default), setting.about))
    secrets = [code(variable(name)) for name, setting in describe_settings().items() if setting.secret]
    return (
        "# Settings of the service\n\nEach setting is an environment variable. In the file that `--settings` or "
        "`SCENEDOCK_SETTINGS` names, it is a key without the prefix, in lower case. The environment takes precedence. "
        f"A secret ({', '.join(secrets)}) may be in a file of its own, which the same variable with `_FILE` at its end "
        f"names, such as `{secrets[0].strip('`')}_FILE`. `scenedock settings` prints the settings in effect, and where "
        "each came from.\n\n" + table(("variable", "default", "meaning"), rows)
    ) + rules_section()


def rules_section() -> str:
    """The keys of a rule about who may run what."""
    schema: Any = rule_list.SCHEMA
    keys = schema["properties"]["rules"]["items"]["properties"]
    rows = [(code(name), about["description"]) for name, about in keys.items()]
    asked = schema["properties"]["approvals"]["items"]["properties"]
    approvals = [(code(name), about["description"]) for name, about in asked.items()]
    return (
        "\n## The file of rules\n\n`SCENEDOCK_RULES` names a file `rules: [{allow or deny: […], …}]`; "
        f"each key holds a list. [What rules mean](../rules.md).\n\n{table(('key', 'meaning'), rows)}"
        "\n`approvals: [{actions: […], …}]` in the same file says what needs an approval, and whose. "
        f"[What approvals are](../approvals.md).\n\n{table(('key', 'meaning'), approvals)}"
    )


def actions_page() -> str:
    """The actions: an index, then the description, input and output of each."""
    index = [(f"[{code(each.id)}](#{each.id.replace(':', '')})", each.summary, attributes(each)) for each in ACTIONS]
    sections = [f"# Actions\n\n{table(('action', 'what it does', 'attributes'), index)}"]
    for each in ACTIONS:
        example = yaml.safe_dump(each.examples[0].input, sort_keys=False, width=100) if each.examples[0].input else ""
        sections.append(
            f"\n## {each.id}\n\n{each.description}\n\n{fields_table('input', each.input_schema())}\n"
            f"{fields_table('output', each.output_schema())}"
            + (f"\n{each.examples[0].description}:\n\n```yaml\n{example}```\n" if example else "")
        )
    return "".join(sections)


def attributes(action: Action[Any]) -> str:
    """The side effects of an action, in words."""
    marks = {
        "read-only": action.attributes.read_only,
        "destructive": action.attributes.destructive,
        "idempotent": action.attributes.idempotent,
        "dry run": action.attributes.dry_run,
    }
    return ", ".join(word for word, holds in marks.items() if holds)


def fields_table(heading: str, schema: Any) -> str:
    """The fields of an action's input or output."""
    required = schema.get("required", []) if heading == "input" else []
    rows = [
        (code(name), "yes" if name in required else "", about.get("description", ""))
        for name, about in schema["properties"].items()
    ]
    if heading == "output":
        return table((heading, "meaning"), [(name, meaning) for name, _, meaning in rows])
    return table((heading, "required", "meaning"), rows)


def assessment_rules_page() -> str:
    """The rules by which applications are assessed, by weight."""
    rows = [
        (code(each.id), each.weight, each.title, each.why, each.remedy)
        for weight in WEIGHTS
        for each in RULES.values()
        if each.weight == weight
    ]
    header = ("rule", "weight", "what a line says", "why it matters on Kubernetes", "what to do")
    return f"# Rules of an assessment\n\n{explanation(rules)}\n\n{table(header, rows)}"


def routes_page() -> str:
    """The routes of the service, and who may use them."""
    rows = [(code(f"{each.method} {each.path}"), each.access, each.summary) for each in ROUTES]
    return f"# Routes\n\n{explanation(routes)}\n\n{table(('route', 'who may ask', 'what it does'), rows)}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def code(text: str) -> str:
    """Text as code in Markdown; nothing stays nothing."""
    return f"`{text}`" if text else ""


def first_sentence(documented: object) -> str:
    """The first line of a docstring."""
    return str(inspect.getdoc(documented)).partition("\n")[0]


def explanation(documented: object) -> str:
    """What a docstring says after its first paragraph."""
    return str(inspect.getdoc(documented)).partition("\n\n")[2]


def pages() -> dict[str, str]:
    """Each page's file name and text."""
    schema = files("scenedock.catalog").joinpath("schemas", "scenedock.schema.json")
    written = {
        "assessment-rules.md": assessment_rules_page(),
        "cli.md": cli_page("scenedock", program),
        "entities.md": entities_page(),
        "errors.md": errors_page(),
        "actions.md": actions_page(),
        "routes.md": routes_page(),
        "service-settings.md": service_settings_page(),
        "settings.md": settings_page(json.loads(schema.read_text(encoding="utf-8"))),
    }
    openapi = json.dumps(openapi_document(ROUTES, ACTIONS), indent=2, ensure_ascii=False)
    return {name: f"{NOTE}\n\n{text}" for name, text in written.items()} | {"openapi.json": f"{openapi}\n"}


def stale(folder: Path) -> dict[str, str]:
    """The pages of this folder that are missing or out of date, with the expected text."""
    return {
        name: text
        for name, text in pages().items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text
    }


def main(arguments: Sequence[str]) -> int:
    """Write the stale pages; with `--check`, name them and return 1 if there are any."""
    outdated = stale(FOLDER)
    if "--check" in arguments:
        for name in outdated:
            print(f"docs/reference/{name} is out of date: run `make docs`", file=sys.stderr)
        return 1 if outdated else 0
    FOLDER.mkdir(exist_ok=True)
    for name, text in outdated.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
