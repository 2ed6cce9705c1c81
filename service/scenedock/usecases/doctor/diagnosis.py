"""What a check found, and what to do about it."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from scenedock.structs import dataclass

Verdict: TypeAlias = Literal["ok", "note", "problem", "unknown"]

TRUST: Final = (
    "Set SCENEDOCK_CA_FILE to a file with the certificate (PEM) of the authority that has issued it: your company's."
)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The verdict of a check with its evidence; `unknown` where it can't tell. A problem has a remedy.

    A `note` is something that is missing, and that only some people need.
    """

    check: str
    verdict: Verdict
    evidence: str
    remedy: str = ""


def fine(check: str, evidence: str) -> Diagnosis:
    """There is no problem."""
    return Diagnosis(check, "ok", evidence)


def note(check: str, evidence: str, remedy: str) -> Diagnosis:
    """Something is missing that isn't needed by all, and what to do for those who need it."""
    return Diagnosis(check, "note", evidence, remedy)


def problem(check: str, evidence: str, remedy: str) -> Diagnosis:
    """There is a problem, and what to do."""
    return Diagnosis(check, "problem", evidence, remedy)


def unknown(check: str, evidence: str, remedy: str = "") -> Diagnosis:
    """It can't be told, and what would help."""
    return Diagnosis(check, "unknown", evidence, remedy)
