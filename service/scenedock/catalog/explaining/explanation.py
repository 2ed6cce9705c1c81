"""Why an entity is what it is: each fact of a service with what proves it, and what was considered and not used.

The rules that made the entity give the evidence, too: nothing is looked for again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice

from scenedock.catalog.explaining.environments import environment_facts
from scenedock.catalog.explaining.facts import Fact, Unused
from scenedock.catalog.mapping.entities import Mapped, MappedService, Mapper
from scenedock.catalog.mapping.links import Graph
from scenedock.catalog.mapping.ownership import lifecycle_evidence, owners_of, paths_of
from scenedock.catalog.mapping.services import DeployedService
from scenedock.catalog.mapping.source_code import source_code_of
from scenedock.catalog.vocabulary.evidence import Evidence, dependency_called
from scenedock.model.helm import CHART_FILE
from scenedock.model.json import as_list, as_object, as_text
from scenedock.structs import replace

_PRECEDENCE = "something else takes precedence"


def explain_service(mapped: Mapped, each: MappedService) -> tuple[Fact, ...]:
    """The facts of one of the services, `each`, in the order in which people ask for them."""
    mapper = Mapper.of([other.service for other in mapped.services], mapped.roles)
    graph = Graph(mapped)
    service, main = each.service, each.main
    owner = _decided(each, "owner", owners_of(service))
    owner = replace(owner, unused=(*owner.unused, *_earlier_patterns(service)))
    facts = [*environment_facts(service), owner]
    if main.kind == "Component":
        facts += [_decided(each, "type", mapper.types(service)), _lifecycle(each)]
        facts += [_decided(each, "system", mapper.systems_of(service)), *_dependencies(each, graph), *_apis(each)]
    facts += [*_source_code(service), *_annotations(each, mapper)]
    return tuple(fact for fact in facts if fact.value or fact.unused)


def _decided(each: MappedService, name: str, candidates: Iterable[Evidence]) -> Fact:
    """A fact for which the first candidate with a value counts, unless a hand-written file says something else."""
    value = as_text(each.main.spec.get(name))
    used: list[Evidence] = []
    unused: list[Unused] = []
    default = Evidence(value, "nothing says what it is")
    if written := _handwritten(each, name, value):
        used.append(written)
    for candidate in candidates:
        if candidate.value and not used:
            used.append(candidate)
        elif candidate.value:
            unused.append(Unused(candidate, _PRECEDENCE))
        elif name == "owner" and (candidate.pattern or candidate.line):
            unused.append(Unused(candidate, "it names no group or user of Backstage"))
        elif name == "type":
            default = replace(candidate, value=value)
    if name == "type" and not used:
        used.append(default)
    return Fact(name, value, tuple(used), tuple(unused))


def _earlier_patterns(service: DeployedService) -> Iterator[Unused]:
    """The lines of CODEOWNERS that match a folder, too, before the one that decides."""
    for member in service.members:
        codeowners = member.contents.codeowners
        matching = (each for path in islice(paths_of(member), 1) for each in codeowners.owners_of(path))
        for owner, line in islice(matching, 1, None):
            said, repository = "a pattern that matches", member.contents.facts.name
            earlier = Evidence(owner, said, repository, (codeowners.path,), line=line)
            yield Unused(earlier, "a later line matches, too")


def _handwritten(each: MappedService, name: str, value: str) -> Evidence | None:
    """The hand-written file, if it says so."""
    written = (entity for folder in each.service.folders for entity in folder.handwritten)
    if value and any(each.main.ref == one.ref and as_text(one.spec.get(name)) == value for one in written):
        return _written(each, ("spec", name), value)
    return None


def _lifecycle(each: MappedService) -> Fact:
    decided, environment = lifecycle_evidence(each.service)
    if environment:
        proofs = (fact for fact in environment_facts(each.service) if fact.value == environment)
        decided = next(
            (replace(used, value=decided.value, said=decided.said) for fact in proofs for used in fact.used), decided
        )
    return _decided(each, "lifecycle", [decided])


def _source_code(service: DeployedService) -> Iterator[Fact]:
    found = [evidence for _, evidence in source_code_of(service)]
    if found:
        best, *others = found
        reason = "another repository has the folder's name, is of the same organisation, or comes first"
        unused = tuple(Unused(each, reason) for each in others if each != best)
        yield Fact("source", best.value, (best,), unused)


def _annotations(each: MappedService, mapper: Mapper) -> Iterator[Fact]:
    proofs = mapper.annotations(each.service)
    for name, value in as_object(each.main.metadata.get("annotations")).items():
        proof = proofs.get(name)
        if proof and proof.value == value:
            yield Fact(f"annotation {name}", proof.value, (proof,))
        else:
            written = _written(each, ("metadata", "annotations", name), as_text(value))
            unused = (Unused(proof, _PRECEDENCE),) if proof else ()
            yield Fact(f"annotation {name}", written.value, (written,), unused)


def _dependencies(each: MappedService, graph: Graph) -> Iterator[Fact]:
    """What it depends on, and what stands for no one entity."""
    proofs: dict[str, list[Evidence]] = defaultdict(list)
    for ref, evidence in graph.dependencies(each):
        proofs[ref.written("", each.main.namespace)].append(evidence)
    for text in map(as_text, as_list(each.main.spec.get("dependsOn"))):
        used = tuple(dict.fromkeys(proofs.get(text, ())))
        yield Fact("dependsOn", text, used or (_written(each, ("spec", "dependsOn"), text),))
    unused = {each.evidence.value: each for each in (*_disabled(each), *_unanswered(each, graph))}
    yield Fact("dependsOn", "", (), tuple(unused[value] for value in sorted(unused)))


def _unanswered(each: MappedService, graph: Graph) -> Iterator[Unused]:
    """Hosts in its values that aren't those of exactly one Component."""
    for targets, evidence in graph.hosts(each):
        if not targets:
            yield Unused(evidence, "no service of these repositories answers to it")
        elif len(targets) > 1:
            yield Unused(evidence, f"several services answer to it: {', '.join(sorted(ref.name for ref in targets))}")


def _disabled(each: MappedService) -> Iterator[Unused]:
    """Dependencies of its charts that its values disable."""
    for member in each.service.members:
        for folder in member.folders:
            for one in folder.chart.dependencies if folder.chart else ():
                if not one.enabled:
                    files = (folder.at(CHART_FILE), folder.at("requirements.yaml"))
                    said, pattern = f"the chart lists {one.name}", dependency_called(one.name)
                    evidence = Evidence(one.key, said, member.contents.facts.name, files, pattern=pattern)
                    yield Unused(evidence, "its `condition` or `tags` are false in the values")


def _apis(each: MappedService) -> Iterator[Fact]:
    found = (entity for entity in each.entities if entity.kind == "API" and entity.ref in each.ours)
    places = {entity.ref.written("", each.main.namespace): entity.place for entity in found}
    for text in map(as_text, as_list(each.main.spec.get("providesApis"))):
        place = places.get(text)
        said = "a file that defines an API"
        own = Evidence(text, said, place.repository, (place.path,)) if place else None
        yield Fact("providesApis", text, (own or _written(each, ("spec", "providesApis"), text),))


def _written(each: MappedService, keys: tuple[str, ...], text: str) -> Evidence:
    """The hand-written file that says something."""
    written = (entity for folder in each.service.folders for entity in folder.handwritten)
    entity = next((entity for entity in written if entity.ref == each.main.ref), each.main)
    place = entity.place
    return Evidence(text, "the hand-written file", place.repository, (place.path,), keys, line=place.line)
