"""The files that settings name, read as the service reads them: tokens, rules, hosts, certificates and skeletons."""

from __future__ import annotations

from collections.abc import Callable

from scenedock.effects.local.disk import read_file
from scenedock.errors import InputError, NotFoundError
from scenedock.model.action import PAGES
from scenedock.model.permissions.action_rules import ActionRules
from scenedock.model.permissions.named_targets import TARGETS, has_target
from scenedock.runtime.approvals_wiring import approval_rules
from scenedock.runtime.callers.rule_list import read_rules
from scenedock.runtime.callers.static_tokens import StaticTokens, read_static_tokens
from scenedock.runtime.settings import Settings
from scenedock.runtime.wiring import list_certificates, list_code_hosts, open_skeletons


def static_tokens(settings: Settings) -> StaticTokens:
    """The tokens of the file that a setting names.

    Raises
    ------
    InputError, NotFoundError   it can't be used
    """
    file = settings.tokens_file
    return read_static_tokens(read_file(file), str(file)) if file else StaticTokens()


def action_rules(settings: Settings, tokens: StaticTokens) -> ActionRules:
    """The rules of the file that a setting names, for some tokens.

    Raises
    ------
    InputError, NotFoundError   it can't be used
    """
    file = settings.rules
    if file is None:
        return ActionRules()
    from scenedock.actions import ACTIONS

    return read_rules(
        read_file(file),
        str(file),
        actions={name for each in ACTIONS for name in (each.name, *each.rights.values())},
        plugins={*settings.backstage_plugins, PAGES},
        tokens={each.name for each in tokens.tokens},
        limited={target: _limited_by(target) for target in TARGETS},
    )


def _limited_by(target: str) -> set[str]:
    """The actions that rules can limit by `services` or `environments`, and the rights that these need."""
    from scenedock.actions import ACTIONS

    limited = [each for each in ACTIONS if has_target(each, target)]
    return {name for each in limited for name in (each.name, *each.rights.values())}


def check_named_files(settings: Settings) -> None:
    """Read them all.

    Raises
    ------
    InputError   one or more can't be used; the message has the problems of all
    """
    reads: list[Callable[[], object]] = [
        lambda: action_rules(settings, static_tokens(settings)),
        lambda: approval_rules(settings),
        lambda: list_code_hosts(settings.code_hosts),
        lambda: list_certificates(settings.certificates),
        lambda: open_skeletons(settings.skeletons, settings.cookiecutters),
    ]
    problems: list[str] = []
    for read in reads:
        try:
            read()
        except (InputError, NotFoundError) as error:
            problems.append(str(error))
    if problems:
        raise InputError("\n".join(problems))
