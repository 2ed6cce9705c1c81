"""The JSON form of explanations at the command line and over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from scenedock.actions.catalog.findings import FindingOutput
from scenedock.model.json_documents import JsonDocument

if TYPE_CHECKING:
    from scenedock.usecases.catalog.explain_service import ExplainedFact, Explanation, Proof


class ProofOutput(JsonDocument):
    """One piece of evidence."""

    value: Annotated[str, "What it says: the fact's value, or the host, address or setting that it comes from"]
    said: Annotated[str, "What kind of evidence it is"]
    repository: Annotated[str, "Name of the repository; empty where no file says it"]
    path: Annotated[str, "File or folder, relative to the repository's root"]
    line: Annotated[int | None, "Line, counted from 1; null where a path, or nothing in a file, is the evidence"]
    reason: Annotated[str, "Why it was not used; empty if it was"]

    @classmethod
    def of(cls, proof: Proof) -> ProofOutput:
        """The document of a piece of evidence."""
        place = proof.place
        return cls(
            value=proof.value,
            said=proof.said,
            repository=place.repository,
            path=place.path,
            line=place.line,
            reason=proof.reason,
        )


class FactOutput(JsonDocument):
    """One thing that the catalog says of the service."""

    name: Annotated[str, "`environment`, `owner`, `type`, `lifecycle`, `system`, `dependsOn`, `annotation …` and so on"]
    value: Annotated[str, "What the catalog says; empty where all evidence was left unused"]
    evidence: Annotated[tuple[ProofOutput, ...], "What proves it"]
    unused: Annotated[tuple[ProofOutput, ...], "What was considered and not used"]

    @classmethod
    def of(cls, fact: ExplainedFact) -> FactOutput:
        """The document of a fact."""
        proofs = [(proof, ProofOutput.of(proof)) for proof in fact.proofs]
        return cls(
            name=fact.name,
            value=fact.value,
            evidence=tuple(output for proof, output in proofs if not proof.reason),
            unused=tuple(output for proof, output in proofs if proof.reason),
        )


class ExplanationOutput(JsonDocument):
    """Why the entity of a service is what it is."""

    ref: Annotated[str, "The entity's reference"]
    repository: Annotated[str, "Name of the repository that has the service's folder"]
    path: Annotated[str, "The folder, relative to the repository's root"]
    facts: tuple[FactOutput, ...]
    findings: Annotated[tuple[FindingOutput, ...], "What was found in the service's folders"]

    @classmethod
    def of(cls, explanation: Explanation) -> ExplanationOutput:
        """The document of an explanation."""
        return cls(
            ref=explanation.ref,
            repository=explanation.place.repository,
            path=explanation.place.path,
            facts=tuple(map(FactOutput.of, explanation.facts)),
            findings=tuple(map(FindingOutput.of, explanation.findings)),
        )
