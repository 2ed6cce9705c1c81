"""Dockerfiles: their instructions with lines, and what the last stage says.

Source of the rules: Docker's "Dockerfile reference" (comments, continuations, the directive `escape`, here-documents).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from scenedock.assessment.claims import Claim, Fact, Source
from scenedock.assessment.signs.sign import printed
from scenedock.structs import dataclass

_INSTRUCTION: Final = re.compile(r"\s*(?P<word>[A-Za-z]+)(?:\s+(?P<rest>.*))?", re.DOTALL)
_KNOWN: Final = frozenset(
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME "
    "WORKDIR".split()
)
_HEREDOC: Final = re.compile(r"<<-?[\"']?(?P<end>[A-Za-z_]\w*)[\"']?")
_SUPERVISORS: Final = re.compile(
    r"(?:^|[\s/\"\[])(?P<name>supervisord|s6-svscan|runsvdir|runsvdir-start|monit|pm2|foreman|/sbin/my_init|"
    r"systemd|/sbin/init)\b"
)
_VARIABLE: Final = re.compile(r"\$(?:\{(?P<braced>\w+)(?::?-(?P<default>[^}]*))?\}|(?P<name>\w+))")
_MOST_INSTRUCTIONS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its word in capitals, the rest of it in one line, and the line where it begins."""

    word: str
    rest: str
    line: int


def instructions(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile; what isn't one is left out."""
    escape = "`" if re.match(r"(?:\s*#[^\n]*\n)*?\s*#\s*escape\s*=\s*`", text[:1_000]) else "\\"
    found: list[Instruction] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines) and len(found) < _MOST_INSTRUCTIONS:
        start, parts = at, list[str]()
        while at < len(lines):
            line = lines[at].rstrip()
            at += 1
            if not line.strip() or line.lstrip().startswith("#"):
                if parts:
                    continue
                break
            parts.append(line.removesuffix(escape))
            if not line.endswith(escape):
                break
        whole = " ".join(parts)
        if (match := _INSTRUCTION.fullmatch(whole)) and match["word"].upper() in _KNOWN:
            found.append(Instruction(match["word"].upper(), (match["rest"] or "").strip(), start + 1))
            if match["word"].upper() in {"RUN", "COPY", "ADD"}:
                for here in _HEREDOC.finditer(whole):
                    ends = [number for number in range(at, len(lines)) if lines[number].strip() == here["end"]]
                    at = ends[0] + 1 if ends else len(lines)
    return found


@dataclass(frozen=True, slots=True)
class _Stage:
    image: str
    name: str
    begin: Instruction
    instructions: tuple[Instruction, ...]


def dockerfile_claims(source: Source) -> Iterator[Claim]:
    """What a Dockerfile says: its base, user, ports, volumes, health check and processes."""
    found = instructions(source.text)
    arguments = _arguments(found)
    stages = _stages(found, arguments)
    if not stages:
        return
    names = {stage.name for stage in stages if stage.name}
    yield Claim("dockerfile", source.path, stages[0].begin.line, "a Dockerfile", (Fact("dockerfile", "yes", 3),))
    for stage in stages:
        if stage.image.lower() not in names and (moving := _moving(stage.image)):
            yield Claim("image-moves", source.path, stage.begin.line, f"the image {printed(stage.image)} {moving}")
    yield from _last_stage(source, _chain(stages))


def _arguments(found: Sequence[Instruction]) -> Mapping[str, str]:
    """The defaults of arguments that FROM may use: those before the first one."""
    values: dict[str, str] = {}
    for each in found:
        if each.word == "FROM":
            break
        if each.word == "ARG" and "=" in each.rest:
            name, _, value = each.rest.partition("=")
            values[name.strip()] = value.strip().strip("\"'")
    return values


def _stages(found: Sequence[Instruction], arguments: Mapping[str, str]) -> list[_Stage]:
    starts = [number for number, each in enumerate(found) if each.word == "FROM"]
    stages = []
    for start, end in pairwise([*starts, len(found)]):
        words = [word for word in found[start].rest.split() if not word.startswith("--")]
        image = _VARIABLE.sub(
            lambda match: arguments.get(match["name"] or match["braced"], match["default"] or match[0]),
            words[0] if words else "",
        )
        name = words[2].lower() if len(words) > 2 and words[1].lower() == "as" else ""
        stages.append(_Stage(image, name, found[start], tuple(found[start + 1 : end])))
    return stages


def _chain(stages: Sequence[_Stage]) -> list[_Stage]:
    """The last stage, and before it those on which it is based, outermost first."""
    chain = [stages[-1]]
    before = list(stages[:-1])
    while base := next((each for each in reversed(before) if each.name and each.name == chain[0].image.lower()), None):
        before = before[: before.index(base)]
        chain.insert(0, base)
    return chain


def _moving(image: str) -> str:
    if not image or "$" in image or "@" in image or image.lower() == "scratch":
        return ""
    tag = image.rpartition("/")[2].partition(":")[2]
    return "has no tag" if not tag else "has the tag latest" if tag == "latest" else ""


def _last_stage(source: Source, chain: Sequence[_Stage]) -> Iterator[Claim]:
    found = [each for stage in chain for each in stage.instructions]
    users = [each for each in found if each.word == "USER"]
    image = chain[0].image
    if not users and not re.search(r"nonroot|scratch\Z|unprivileged|chainguard|\$", image):
        said = f"no USER: it runs as the user of {printed(image)}"
        yield Claim("image-as-root", source.path, chain[-1].begin.line, said)
    elif users and users[-1].rest.partition(":")[0].strip("\"'") in {"root", "0"}:
        yield Claim("image-as-root", source.path, users[-1].line, "the last USER is root")
    for each in found:
        yield from _one(source, each)
    commands = [each for each in found if each.word in {"CMD", "ENTRYPOINT"}]
    for each in {command.word: command for command in commands}.values():
        if supervisor := _SUPERVISORS.search(each.rest):
            yield Claim("several-processes", source.path, each.line, f"{each.word} starts {supervisor['name']}")


def _one(source: Source, each: Instruction) -> Iterator[Claim]:
    if each.word == "EXPOSE":
        for port in re.findall(r"(?<![\w$-])(\d{1,5})(?:/tcp)?(?![\w/-])", each.rest):
            yield Claim("port", source.path, each.line, f"EXPOSE {port}", (Fact("port", port, 2),))
    elif each.word == "VOLUME":
        paths = _list_of(each.rest)
        yield Claim("image-volume", source.path, each.line, f"VOLUME {printed(' '.join(paths))}")
    elif each.word == "HEALTHCHECK" and not each.rest.upper().startswith("NONE"):
        path = re.search(
            r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?::[\w${}:-]+)?(?P<path>/[\w./-]*)", each.rest
        )
        facts = (Fact("health_path", path["path"], 3),) if path else ()
        yield Claim(
            "health", source.path, each.line, f"HEALTHCHECK asks {path['path']}" if path else "HEALTHCHECK", facts
        )


def _list_of(rest: str) -> list[str]:
    if rest.startswith("["):
        try:
            return [str(each) for each in json.loads(rest)]
        except (ValueError, RecursionError):
            return [rest]
    return rest.split()
