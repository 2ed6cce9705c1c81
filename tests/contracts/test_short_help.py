"""Each command says in one whole line of its group's list what it is for."""

from __future__ import annotations

from collections.abc import Iterator

import click

from scenedock.doors.cli import main


def groups(group: click.Group, parent: click.Context | None = None) -> Iterator[tuple[click.Context, click.Group]]:
    """The group and all those in it, each with the context in which its help is shown."""
    context = click.Context(group, info_name=group.name, parent=parent, terminal_width=80, max_content_width=80)
    yield context, group
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from groups(command, context)


def test_no_line_of_a_list_of_commands_is_cut_off_or_wrapped() -> None:
    listed = {
        context.command_path: group.get_help(context).partition("Commands:\n")[2].splitlines()
        for context, group in groups(main)
    }
    lines = [line for each in listed.values() for line in each]

    assert len(lines) > 60
    assert [line for line in lines if line.endswith("...") or line.startswith("   ")] == []
