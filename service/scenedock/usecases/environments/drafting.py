"""A copy in the making: decide on each key of the pieces that are copied, and make the contents of files."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from scenedock.changes.environments.answering import answered, with_keys
from scenedock.changes.environments.copying import copied
from scenedock.changes.environments.deciding import Judge
from scenedock.changes.environments.decisions import DROPPED, Decision, Verdict
from scenedock.changes.environments.entries import Entries
from scenedock.changes.environments.following import Following
from scenedock.changes.environments.items import with_item
from scenedock.changes.environments.planned import Answers, Lack
from scenedock.changes.environments.secrets import GENERATED, SECRETS, generated_of
from scenedock.changes.environments.words import Words
from scenedock.changes.planned import PlannedFile
from scenedock.documents.plain_secrets import kind_of_secret
from scenedock.errors import InputError
from scenedock.model.file_paths import folders_above
from scenedock.model.finding import Place
from scenedock.structs import dataclass, field, replace
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.environments.pieces import Piece, is_generated


class Compared(Protocol):
    """What tells of the pieces of a copy."""

    def entries_of(self, piece: Piece) -> Entries | None:
        """The entries of a piece; None where there is none, or it can't be read."""

    def judge(self, piece: Piece) -> Judge:
        """What decides on the keys of a piece."""


@dataclass(slots=True)
class Draft:
    """A plan in the making: the pieces with the decisions on each, and the contents of files so far.

    `words` name what is copied, and `new` is the name that the copy has instead.
    """

    ground: Ground
    repository: str
    words: Words
    new: str
    pieces: Sequence[Piece] = ()
    decisions: dict[Piece, list[Decision]] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)

    @property
    def all_decisions(self) -> tuple[Decision, ...]:
        """The decisions on all pieces, in their order."""
        return tuple(each for decisions in self.decisions.values() for each in decisions)

    @property
    def linked(self) -> frozenset[str]:
        """The files that are links to others which are copied, too."""
        repository = self.ground.repositories[self.repository]
        copied = {each.path for each in self.pieces if each.item is None}
        return frozenset(
            each for each in copied & set(repository.listing().links) if repository.real_path(each) in copied
        )

    def read(self, path: str) -> bytes:
        """A file as far as the plan goes."""
        return self.contents[path] if path in self.contents else self.ground.read(self.repository, path)

    def files(self) -> tuple[PlannedFile, ...]:
        """The files that are new or change."""
        there = self.ground.paths(self.repository)
        sources = {each.target: each.path for each in self.pieces if each.item is None and each.target not in there}
        return tuple(
            self._file(path, data, there, sources.get(path, "")) for path, data in sorted(self.contents.items())
        )

    def _file(self, path: str, data: bytes, there: Collection[str], source: str) -> PlannedFile:
        """A file with new bytes; the copy of a `source` is as that is: executable, or a link."""
        before = self.ground.read(self.repository, path) if path in there else None
        if not source:
            return PlannedFile(self.repository, path, before, data)
        link = self._link(path, data, source)
        executable = not link and self.ground.repositories[self.repository].is_executable(source)
        return PlannedFile(self.repository, path, before, data, executable, link)

    def _link(self, path: str, data: bytes, source: str) -> str:
        """Where the copy of a link leads to: to the copy of its target, or the same; empty if it would tell more."""
        repository = self.ground.repositories[self.repository]
        if source not in repository.listing().links:
            return ""
        target = repository.real_path(source)
        copies = [each.target for each in self.pieces if each.item is None and each.path == target]
        leads_to = copies[0] if copies else target
        is_there = leads_to in self.contents or (not copies and target in self.ground.paths(self.repository))
        return posixpath.relpath(leads_to, posixpath.dirname(path)) if is_there and self.read(leads_to) == data else ""


def decide(draft: Draft, compared: Compared, answers: Answers) -> None:
    """Decide on all keys, with the answers; a file that names one that is left out doesn't name it any more."""
    made: list[tuple[Piece, Decision]] = []
    read = {piece: compared.entries_of(piece) for piece in draft.pieces}
    secret = {
        posixpath.normpath(posixpath.join(posixpath.dirname(piece.path), path))
        for piece, entries in read.items()
        for path in generated_of(entries or ())
    }
    copies = [(piece.path, piece.target) for piece in draft.pieces if piece.item is None]
    following = Following(copies, draft.ground.paths(draft.repository), draft.words, draft.new)
    for piece, entries in read.items():
        if entries is None:
            raise InputError(f"{piece.path}: it can't be read, so it can't be copied")
        judge = compared.judge(piece)
        for entry, verdict in judge.verdicts(entries):
            place = Place(draft.repository, piece.path, entry.line)
            decided = following.decided(piece.path, piece.target, entry, verdict)
            if piece.path in secret:
                decided = Verdict("left out", GENERATED)
            made.append((piece, Decision.of(entry, decided, place)))
    keyed = with_keys([each for _, each in made], {at: piece.target for at, (piece, _) in enumerate(made)})
    draft.decisions = {piece: [] for piece in draft.pieces}
    for (piece, _), decision in zip(made, answered(keyed, answers), strict=True):
        draft.decisions[piece].append(decision)
    gone = {piece.path for piece, each in draft.decisions.items() if piece.item is None and _is_left_out(each)}
    for piece, decisions in draft.decisions.items():
        folder = posixpath.dirname(piece.path)
        for at, each in enumerate(decisions):
            named = posixpath.normpath(posixpath.join(folder, str(each.entry.value))) if each.entry.value else ""
            if named in gone and each.outcome != "left out":
                decisions[at] = replace(each, outcome="left out", reason=f"{named} is left out", old=None, new=None)


def _is_left_out(decisions: Sequence[Decision]) -> bool:
    return bool(decisions) and all(each.outcome == "left out" for each in decisions)


def write(draft: Draft, without: Piece | None = None) -> None:
    """Make the contents of all files, those of whole files first.

    Raises
    ------
    InputError   a file can't be copied, or would have a secret; with the line
    """
    new = draft.new
    for piece, decisions in draft.decisions.items():
        if piece == without:
            continue
        if piece.is_text:
            if decisions and not _is_left_out(decisions):
                draft.contents[piece.target] = str(decisions[0].value).encode()
            continue
        source = draft.ground.read(draft.repository, piece.path)
        if piece.item is None:
            if not _is_left_out(decisions):
                draft.contents[piece.target] = copied(source, decisions, draft.words, new, piece.path)
            continue
        changed = copied(source, decisions, draft.words, new, piece.path)
        is_there = piece.target in draft.contents or piece.target in draft.ground.paths(draft.repository)
        target = draft.read(piece.target) if is_there else b""
        draft.contents[piece.target] = with_item(target, changed, piece.item.named(draft.words, new), piece.target)
    for file in draft.files():
        _check_no_secret(file)


def _why_not_made(decisions: Sequence[Decision]) -> str:
    """Why a file has nothing to copy; empty where somebody wants it so, or a secret to seal stands for it."""
    reasons = {each.reason for each in decisions if each.entry.identity[0].partition("/")[0] not in SECRETS}
    if not reasons or reasons & {DROPPED, GENERATED}:
        return ""
    return next(iter(reasons)) if len(reasons) == 1 else "all its keys are secrets"


def _check_no_secret(file: PlannedFile) -> None:
    """Refuse a file into which a secret came by an answer, or in a comment.

    Raises
    ------
    InputError   a line that it hasn't yet has one; with the line
    """
    before = set((file.before or b"").decode("utf-8", "replace").splitlines())
    for number, line in enumerate((file.after or b"").decode("utf-8", "replace").splitlines(), 1):
        if line not in before and (kind := kind_of_secret(line, "")):
            raise InputError(f"{file.path}:{number}: it would have {kind}; take it out of what is copied first")


def stale_catalog(draft: Draft) -> Iterator[Lack]:
    """The generated files of the catalog, which don't have what is made."""
    for path in sorted(draft.ground.paths(draft.repository)):
        if is_generated(draft.ground, draft.repository, path):
            what = "the generated files of the catalog don't have it yet"
            remedy = "Run `scenedock catalog export --in-place .` afterwards."
            yield Lack("catalog", what, Place(draft.repository, path), remedy)
            return


def told_of_links(draft: Draft) -> Iterator[str]:
    """Where links lead that are copied as they are: to a file that others have, too."""
    for file in draft.files():
        leads_to = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), file.link))
        if file.link and leads_to not in draft.contents:
            yield f"{file.path} is a link to {leads_to}, which is no copy"


def missing_files(draft: Draft) -> Iterator[Lack]:
    """The files and links that aren't made, and those that values name now, where only those of the source are there.

    What isn't made of a file is said once, not again for the links to it.
    """
    there, linked = draft.ground.paths(draft.repository), draft.linked
    yield from _missing_links(draft)
    for piece, decisions in draft.decisions.items():
        if piece.path in linked:
            continue
        if piece.item is None and _is_left_out(decisions) and (why := _why_not_made(decisions)):
            place = Place(draft.repository, piece.path)
            yield Lack("file", f"{piece.target} isn't made: {why}", place, "Make it with references to secrets.")
        for each in decisions:
            if each.outcome != "replaced" or not isinstance(each.value, str) or each.entry.is_key:
                continue
            old, new = (
                posixpath.normpath(posixpath.join(posixpath.dirname(path), str(value)))
                for path, value in ((piece.path, each.old), (piece.target, each.value))
            )
            if old in there and new not in there and new not in draft.contents:
                yield Lack("file", f"{new}, which {each.key} names", each.place, f"Make it like {old}.")


def _missing_links(draft: Draft) -> Iterator[Lack]:
    """The links below the folders that are the source's alone, to folders or out of the repository."""
    listing = draft.ground.repositories[draft.repository].listing()
    folders = {
        folder: each.target.removesuffix(each.path.removeprefix(folder))
        for each in draft.pieces
        if each.item is None
        for folder in folders_above(each.path)
        if draft.words.are_in(folder) and each.target.endswith(each.path.removeprefix(folder))
    }
    for path in sorted({*listing.folder_links, *listing.outside}):
        if home := next((each for each in folders_above(path) if each in folders), ""):
            target = f"{folders[home]}{path.removeprefix(home)}"
            what = f"{target} isn't made: {path} is a link to a folder, or out of the repository"
            yield Lack("file", what, Place(draft.repository, path), "Make it by hand, if it is needed.")
