"""The reference is what the code says: commands as they print their help, settings however deep, tables that hold."""

from __future__ import annotations

from pathlib import Path

import click

from docs import reference


def test_the_reference_shows_every_command_but_hidden_ones_with_its_options() -> None:
    program = click.Group("dock", help="All of it.")
    catalog = click.Group("catalog", help="A group.")
    program.add_command(catalog)
    catalog.add_command(click.Command("export", help="Write it.", params=[click.Option(["--until"], help="A phase.")]))
    catalog.add_command(click.Command("secret", hidden=True))

    page = reference.cli_page("dock", program)

    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## dock",
        "## dock catalog",
        "## dock catalog export",
        "## Exit codes",
    ]
    assert "Usage: dock catalog export [OPTIONS]\n\n  Write it." in page
    assert "--until TEXT  A phase." in page


def test_the_reference_shows_settings_inside_lists_maps_and_references() -> None:
    chart_from = {"type": ["string", "null"], "description": "Key | path.", "examples": ["chartPath"]}
    chart = {"type": "object", "properties": {"from": chart_from}, "description": "Which."}
    schema = {
        "description": "All settings.",
        "properties": {
            "owner": {"description": "Who.", "$ref": "#/$defs/owner", "default": "unknown", "examples": ["group:a"]},
            "apps": {
                "description": "Lists.",
                "type": "array",
                "items": {"properties": {"chart": chart}, "type": "object"},
            },
            "by": {"description": "Map.", "type": "object", "additionalProperties": {"enum": ["a", "b"]}},
            "bind": {"description": "One.", "oneOf": [{"$ref": "#/$defs/owner"}, {"type": "null"}], "default": None},
        },
        "$defs": {"owner": {"type": "string", "description": "A reference."}},
    }

    page = reference.settings_page(schema)

    assert '## `owner`\n\nWho.\n\n- Type: string\n- Default: `"unknown"`\n\n```yaml\nowner: group:a\n```' in page
    assert '| `apps[].chart.from` | string or null |  | `"chartPath"` | Key \\| path. |' in page
    assert "Map.\n\n- Type: map to `a`, `b`\n" in page
    assert "One.\n\n- Type: string or null\n- Default: `null`\n" in page


def test_the_errors_page_has_a_row_for_a_refusal_with_its_name_status_and_exit_code() -> None:
    meaning = "The operation is not possible now, but may succeed later."

    assert f"| `TemporaryError` | `ServiceUnavailableError` | {meaning} | 503 | 75 |" in reference.errors_page()


def test_a_page_is_stale_until_it_says_what_the_code_says(tmp_path: Path) -> None:
    pages = reference.pages()
    assert reference.stale(tmp_path) == pages

    for name, text in pages.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert reference.stale(tmp_path) == {}

    (tmp_path / "cli.md").write_text("older", encoding="utf-8")
    assert list(reference.stale(tmp_path)) == ["cli.md"]
