"""Checks of a code host: whether it is reached, accepts our credential, and lets us do what actions do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Final

from scenedock.effects.code_hosts.hosts import KnownHost
from scenedock.effects.code_hosts.token_expiry import WARNING_DAYS
from scenedock.effects.network.probe import Probe, probe
from scenedock.model.code_hosts.code_host import CodeHost
from scenedock.model.json import as_list, as_object, as_text
from scenedock.usecases.doctor.diagnosis import TRUST, Diagnosis, fine, problem, unknown

_NEEDED: Final = {"contents": "write", "pull_requests": "write"}
"""Permissions of an App without which no change can be proposed; others are for some actions: docs/publishing.md."""
_LEVELS: Final = ("", "read", "write", "admin")
_RENEW: Final = "Renew it, replace it in the file that the list of code hosts names, and restart the service."


def check_host(entry: KnownHost) -> Iterator[tuple[Diagnosis, Probe | None]]:
    """What holds for one host of the list, each with the answer that shows it."""
    if entry.host.type == "git":
        check = f"code-host {entry.host.host}"
        yield unknown(check, "a plain git server has no API; its repositories are asked for below"), None
    elif entry.host.type == "gitlab":
        yield _gitlab(entry)
    elif entry.secrets.app_key:
        yield from _app(entry)
    else:
        yield _github(entry)


def _reached(host: CodeHost, answer: Probe, refused: str) -> Diagnosis | None:
    """What is wrong with an answer, if anything is."""
    check = f"code-host {host.host}"
    if answer.failure:
        remedy = TRUST if answer.knows_no_issuer else "Check the host's `api`, DNS, HTTPS_PROXY and NO_PROXY."
        return problem(check, f"{answer.url}: {answer.failure}", remedy)
    if answer.status == 401:
        return problem(check, f"{host.host} doesn't accept our {refused}: {_said(answer)}", _RENEW)
    if answer.status != 200:
        remedy = "Check the host's `api` in the list of code hosts; if it is right, try again later."
        return unknown(check, f"{answer.url}: {_said(answer)} (status {answer.status})", remedy)
    return None


def _gitlab(entry: KnownHost) -> tuple[Diagnosis, Probe]:
    host = entry.host
    check = f"code-host {host.host}"
    answer = probe(f"{host.api}/personal_access_tokens/self", {"PRIVATE-TOKEN": entry.secrets.token})
    if wrong := _reached(host, answer, "token (expired or revoked)"):
        return wrong, answer
    token = as_object(answer.document)
    scopes = [as_text(each) for each in as_list(token.get("scopes"))]
    if "api" not in scopes:
        evidence = f"our token has the scopes {', '.join(scopes) or 'none'}, without `api`"
        return problem(check, evidence, "Make one with the scope `api`: docs/publishing.md."), answer
    return _by_end(check, as_text(token.get("expires_at"))), answer


def _by_end(check: str, end: str) -> Diagnosis:
    try:
        days = (date.fromisoformat(end) - datetime.now(UTC).date()).days
    except ValueError:
        return fine(check, "our token is accepted, and has no end")
    if days <= WARNING_DAYS:
        return problem(check, f"our token ends on {end}, in {days} days", _RENEW)
    return fine(check, f"our token is accepted until {end}")


def _github(entry: KnownHost) -> tuple[Diagnosis, Probe]:
    host = entry.host
    check = f"code-host {host.host}"
    answer = probe(f"{host.api}/user", _bearer(entry.secrets.token))
    if wrong := _reached(host, answer, "token (expired or revoked)"):
        return wrong, answer
    scopes = answer.headers.get("x-oauth-scopes")
    if scopes is None:
        evidence = "our token is accepted; of a fine-grained one, GitHub doesn't tell the permissions"
        return unknown(check, evidence, "Compare them with docs/publishing.md."), answer
    if "repo" not in [each.strip() for each in scopes.split(",")]:
        evidence = f"our token has the scopes {scopes or 'none'}, without `repo`"
        return problem(check, evidence, "Make one with the scope `repo`: docs/publishing.md."), answer
    return fine(check, f"our token is accepted, with the scopes {scopes}"), answer


def _app(entry: KnownHost) -> Iterator[tuple[Diagnosis, Probe]]:
    from github import Auth

    host = entry.host
    check = f"code-host {host.host}"
    headers = _bearer(Auth.AppAuth(host.app_id, entry.secrets.app_key).token)
    answer = probe(f"{host.api}/app", headers)
    if wrong := _reached(host, answer, f"signature as the App {host.app_id}"):
        if answer.status == 401:
            remedy = "Check the App's `id` and private key, and this machine's clock (below)."
            wrong = problem(check, wrong.evidence, remedy)
        yield wrong, answer
        return
    yield fine(check, f"our App {host.app_id} is accepted"), answer
    for owner in host.owners:
        for kind in ("orgs", "users"):
            answer = probe(f"{host.api}/{kind}/{owner}/installation", headers)
            if answer.status == 200:
                break
        yield _installed(host, owner, answer), answer


def _installed(host: CodeHost, owner: str, answer: Probe) -> Diagnosis:
    check = f"permissions {host.host}/{owner}"
    if answer.status == 404:
        remedy = f"An owner of {owner} has to install the App, on all repositories."
        return problem(check, f"the App {host.app_id} isn't installed for {owner}", remedy)
    if answer.status != 200:
        return unknown(check, f"{answer.url}: {answer.failure or f'status {answer.status}'}")
    held = {name: as_text(level) for name, level in as_object(as_object(answer.document).get("permissions")).items()}
    missing = [
        f"{name}: {level}"
        for name, level in _NEEDED.items()
        if _LEVELS.index(held.get(name, "")) < _LEVELS.index(level)
    ]
    if missing:
        remedy = (
            "Grant them in the App's settings (Permissions & events); then an owner accepts the request in the "
            "settings of the installation."
        )
        return problem(check, f"the App {host.app_id} lacks {', '.join(missing)} for {owner}", remedy)
    return fine(check, ", ".join(f"{name}: {level}" for name, level in sorted(held.items())))


def _bearer(token: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}


def _said(answer: Probe) -> str:
    return as_text(as_object(answer.document).get("message")) or "it says no reason"
