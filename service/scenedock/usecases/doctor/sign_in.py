"""Whether people can sign in: what the OpenID provider publishes."""

from __future__ import annotations

from scenedock.effects.network.probe import Probe, probe
from scenedock.model.json import as_object, as_text
from scenedock.usecases.doctor.diagnosis import TRUST, Diagnosis, fine, problem


def check_provider(issuer: str) -> tuple[Diagnosis, Probe]:
    """Whether we reach the provider, and it names itself as our setting does."""
    check = "sign-in"
    answer = probe(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if answer.failure:
        remedy = TRUST if answer.knows_no_issuer else "Check SCENEDOCK_OIDC_ISSUER, DNS, HTTPS_PROXY and NO_PROXY."
        return problem(check, f"{answer.url}: {answer.failure}", remedy), answer
    named = as_text(as_object(answer.document).get("issuer"))
    if named != issuer:
        remedy = "Set SCENEDOCK_OIDC_ISSUER to exactly what the provider publishes as `issuer`."
        evidence = f"{answer.url}: status {answer.status}, and its issuer is {named or 'not told'}, not {issuer}"
        return problem(check, evidence, remedy), answer
    return fine(check, f"{issuer} answers"), answer
