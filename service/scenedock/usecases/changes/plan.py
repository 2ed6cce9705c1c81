"""Plan a change of versions: which line of which file, whether it does what it should, and what speaks against it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from scenedock.changes.automations import writer_of_image, writer_of_line
from scenedock.changes.contents import line_with_version, value_in, with_value, with_version
from scenedock.changes.followers import followers_of
from scenedock.changes.planned import Lifted, Planned, PlannedFile, Refusal, VersionChange
from scenedock.changes.rules import refusals_of
from scenedock.changes.steps import step_between
from scenedock.changes.targets import Target, insertions, line_of, missing_file
from scenedock.changes.text import Verb, with_text
from scenedock.documents.reading import read_documents
from scenedock.errors import InputError, NotFoundError
from scenedock.model.finding import Place
from scenedock.model.helm import Application
from scenedock.model.json import Json, JsonObject, as_object, value_at
from scenedock.releases.findings import locks_of_nothing
from scenedock.releases.images import split_reference, text_of
from scenedock.releases.release import PairKey, Release
from scenedock.releases.spots import Spot
from scenedock.structs import dataclass, field, replace
from scenedock.usecases.changes.ground import Ground, unplanned
from scenedock.usecases.changes.overlays import overlay_targets
from scenedock.usecases.changes.told import told_of

_MOST_UNPLANNED = 5
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """A version that somebody wants in the place of a release's."""

    release: Release
    version: str


@dataclass(slots=True)
class Draft:
    """A plan in the making: the contents of files so far, what changes, and what speaks against it."""

    ground: Ground
    wanted: Mapping[PairKey, Wanted]
    lifted: Lifted
    is_rollback: bool = False
    before: dict[tuple[str, str], bytes] = field(default_factory=dict)
    after: dict[tuple[str, str], bytes] = field(default_factory=dict)
    changes: dict[PairKey, VersionChange] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    spots: dict[tuple[str, str], list[Spot]] = field(default_factory=lambda: defaultdict(list))

    @property
    def files(self) -> tuple[PlannedFile, ...]:
        """The files that get other contents."""
        return tuple(
            PlannedFile(*key, self.before[key], after)
            for key, after in sorted(self.after.items())
            if after != self.before[key]
        )

    def content(self, repository: str, path: str) -> bytes:
        """The bytes of a file as far as the plan goes.

        Raises
        ------
        InputError, NotFoundError   it can't be read
        """
        key = repository, path
        if key not in self.after:
            self.before[key] = self.after[key] = self.ground.read(*key)
        return self.after[key]

    def has(self, target: Target, wanted: Wanted) -> bool:
        """Whether the plan has a version at a target already."""
        text = text_of(value_in(self.content(target.repository, target.path), target.spot))
        return wanted.release.key in self.changes and wanted.version in {text, split_reference(text)[1]}

    def refuse(self, code: str, release: Release, message: str, remedy: str = "") -> None:
        """Note that something speaks against the change of a release."""
        self.refusals.append(Refusal(code, release.pair, message, release.place, remedy))  # type: ignore[arg-type]

    def check(self, wanted: Wanted) -> None:
        """Note what speaks against a version, whatever line would say it."""
        release, ground = wanted.release, self.ground
        locks = ground.locks(release.repository)
        of_service = ground.by_service[release.service]
        self.refusals += refusals_of(
            release, wanted.version, of_service, locks, ground.now, is_rollback=self.is_rollback
        )

    def note_change(self, wanted: Wanted, target: Target, replaced: Place | None = None) -> None:
        """Note that a release gets another version."""
        release = wanted.release
        step = step_between(release.version or "", wanted.version)
        place = Place(target.repository, target.path, None if target.inserted else release.line)
        change = VersionChange(
            release.key,
            release.version or "",
            wanted.version,
            step,
            place,
            asked=release.key in self.wanted,
            inserted=target.inserted,
            replaced=replaced,
        )
        self.changes.setdefault(release.key, change)
        self.spots[target.repository, target.path].append(target.spot)
        for each in release.lines:
            if each.spot:
                self.spots[each.place.repository, each.path].append(each.spot)

    def note_followers(self) -> None:
        """Note what else changes because it follows an anchor in what is edited."""
        for file in self.files:
            if along := followers_of(file, self.spots[file.repository, file.path]):
                more = f" and {len(along) - _MOST_NAMED} more" if len(along) > _MOST_NAMED else ""
                place = Place(file.repository, file.path)
                self.notes.append(f"in {place} change, too, by an anchor: {', '.join(along[:_MOST_NAMED])}{more}")


def plan(ground: Ground, wanted: Iterable[Wanted], lifted: Lifted, verb: Verb) -> Planned:
    """The plan of a set of versions: all of them in one change, or none.

    Raises
    ------
    InputError   the repositories can't be read with it
    """
    by_key = {each.release.key: each for each in wanted}
    draft = Draft(ground, by_key, lifted)
    for each in by_key.values():
        if each.release.version != each.version:
            draft.check(each)
            set_version(draft, each)
    return finished(draft, verb)


def finished(draft: Draft, verb: Verb, after: Mapping[PairKey, Release] | None = None) -> Planned:
    """The plan of a draft, if the repositories say after it what it says; `after` is what they say, if that is known.

    Raises
    ------
    InputError   the repositories can't be read with it
    """
    changes = tuple(draft.changes.values())
    if draft.files:
        wrong = unplanned(draft.ground.releases, after or draft.ground.after(draft.files), changes)
        if wrong:
            said = "; ".join(wrong[:_MOST_UNPLANNED])
            message = f"the change would do something else than planned: {said}"
            place = Place(draft.files[0].repository, draft.files[0].path)
            remedy = "Edit the files by hand."
            draft.refusals.append(Refusal("not-as-planned", changes[0].pair, message, place, remedy))
    draft.note_followers()
    draft.notes += [
        f"{each.place}: {each.message}"
        for name in dict.fromkeys(key[0] for key in draft.wanted)
        for each in locks_of_nothing(draft.ground.locks(name), draft.ground.releases.values(), name, draft.ground.now)
    ]
    refusals = list(dict.fromkeys(draft.refusals))
    lifted = tuple(each for each in refusals if draft.lifted.lifts(each))
    left = tuple(each for each in refusals if not draft.lifted.lifts(each))
    planned = Planned(draft.files, changes, left, lifted, tuple(dict.fromkeys(draft.notes)))
    return with_text(planned, verb, told_of(draft.ground, changes), draft.lifted.lock_reason)


def set_version(draft: Draft, wanted: Wanted) -> None:
    """Edit the line of a release; if others share it, insert one for it alone, or say what would have to be there."""
    release = wanted.release
    if release.key in draft.changes or release.version == wanted.version:
        return
    if release.rivals:
        message = f"several images that may be its own have {release.version}: {release.rivals}"
        draft.refuse("unknown-version", release, message, "Edit the line of its own by hand.")
        return
    if "+" in wanted.version and not release.chart and not release.shape.startswith("appVersion"):
        message = f"no image can have the tag {wanted.version}, as `+` is no sign of tags"
        draft.refuse("not-editable", release, message, "Give the tag that the registry has, often with `_` instead.")
        return
    _refuse_written(draft, release, _writer_of_images(draft.ground, release))
    if pins := dict.fromkeys(pin for line in release.lines for pin in _pins_beside(draft, line)):
        message = f"beside {release.place} a digest says which image runs ({', '.join(map(str, pins))})"
        draft.refuse("not-editable", release, message, "Edit both lines by hand, or remove the digest.")
        return
    in_overlay: set[str] = set()
    for line in release.lines:
        if line.image not in in_overlay and _set_line(draft, Wanted(line, wanted.version)):
            in_overlay.add(line.image)


def _pins_beside(draft: Draft, release: Release) -> Iterator[Place]:
    """The lines of digests beside a tag: with another tag the same image would run."""
    beside = (*release.keys[:-1], "digest")
    if release.keys and release.keys[-1] not in {"digest", "repository"}:
        deployed = draft.ground.deployed[release.key]
        for one in (deployed, *deployed.others):
            set_by = [each for each in one.all_layers if value_at(each.values, map(str, beside)) is not None]
            if set_by and text_of(value_at(set_by[-1].values, map(str, beside))):
                yield Place(set_by[-1].elsewhere or release.repository, set_by[-1].path, set_by[-1].line_of(beside))
    if release.shape == "newTag" and release.spot and release.spot.keys[-1] == "newTag":
        target = line_of(release)
        data = draft.content(target.repository, target.path) if target else b""
        spot = replace(release.spot, keys=(*release.spot.keys[:-1], "digest"))
        if text_of(value_in(data, spot)):
            line = read_documents(data)[spot.document - 1].line_of(spot.keys)
            yield Place(release.elsewhere or release.repository, release.path, line)


def _set_line(draft: Draft, wanted: Wanted) -> bool:
    """Set the version of one line; whether its overlay sets it now for all lines with the same image."""
    release, ground = wanted.release, draft.ground
    sharers = ground.sharers_of(release)
    others = [each for each in sharers if _wants_other(draft, each, wanted.version)]
    problems: list[str] = []
    if others or release.inherited:
        for target in _insertions(draft, release, problems):
            if _insert(draft, wanted, target, problems):
                return target.spot.keys[:1] == ("images",)
    if others:
        count = len(sharers) + 1
        message = f"the line {release.place} deploys to {count} environments at once: also to {_named(others)}"
        why = "; ".join([missing_file(release), *problems])
        draft.refuse("shared-line", release, message, f"To change {release.pair} alone, {why}.")
    _edit(draft, wanted, sharers)
    return False


def _insertions(draft: Draft, release: Release, problems: list[str]) -> Iterator[Target]:
    """Where the version may be inserted for a release alone: above its layer of values, or in its overlay."""
    yield from insertions(release, draft.ground.deployed[release.key], draft.ground.users)
    try:
        yield from overlay_targets(draft.ground, release, draft.content)
    except (InputError, NotFoundError) as error:
        problems.append(str(error))


def _wants_other(draft: Draft, release: Release, version: str) -> bool:
    wanted = draft.wanted.get(release.key)
    return wanted is None or wanted.version != version


def _insert(draft: Draft, wanted: Wanted, target: Target, problems: list[str]) -> bool:
    release = wanted.release
    version = wanted.version
    value: Json = target.old[: len(target.old) - len(release.version or "")] + version if target.old else version
    spot = target.spot
    if target.item:
        spot, value = Spot((*spot.keys[:-2], "-")), {"name": target.item, "newTag": version}
    try:
        data = draft.content(target.repository, target.path)
        draft.after[target.repository, target.path] = with_value(data, spot, value, target.path)
    except (InputError, NotFoundError) as error:
        problems.append(str(error))
        return False
    draft.note_change(wanted, target, release.place)
    return True


def _edit(draft: Draft, wanted: Wanted, sharers: Sequence[Release]) -> None:
    """Edit the line that sets a release's version, and so that of all that share it."""
    release = wanted.release
    target = line_of(release)
    if target is None:
        draft.refuse("not-editable", release, f"the version of {release.pair} is put together from several files")
        return
    try:
        data = draft.content(target.repository, target.path)
        if draft.has(target, wanted):  # it is the same text as a line that was edited before
            return
        _refuse_written(draft, release, _writer_at(draft, target, release.line))
        refuse_stale_lock(draft, release)
        edited = with_version(data, target.spot, release.version or "", wanted.version, target.path)
    except (InputError, NotFoundError) as error:
        message = str(error).replace(", or use `add` to override it here", "")  # the advice is for an action's input
        draft.refuse("not-editable", release, message, "Edit it by hand.")
        return
    draft.after[target.repository, target.path] = edited
    for each in (release, *sharers):
        if each.version is None:
            draft.notes.append(f"{each.pair} has the line {release.place}, too, and its version isn't known")
        else:
            draft.note_change(Wanted(each, wanted.version), target)
        if each is not release and each.key not in draft.wanted:
            draft.check(Wanted(each, wanted.version))


def refuse_automated(draft: Draft, release: Release) -> None:
    """Note which automations write the lines of a release.

    Raises
    ------
    InputError, NotFoundError   a file can't be read
    """
    _refuse_written(draft, release, _writer_of_images(draft.ground, release))
    for target, line in ((line_of(each), each.line) for each in release.lines):
        if target and draft.content(target.repository, target.path):
            _refuse_written(draft, release, _writer_at(draft, target, line))


def _writer_at(draft: Draft, target: Target, line: int | None) -> str:
    """What writes the line of a version, or the line of its anchor where that is an alias; empty without."""
    data = draft.before[target.repository, target.path]
    return writer_of_line(data, line) or writer_of_line(data, line_with_version(data, target.spot, target.path))


def _refuse_written(draft: Draft, release: Release, writer: str) -> None:
    """Note that an automation writes a line, if there is one."""
    if writer:
        message = f"the line {release.place} is written by {writer}"
        draft.refuse("automated-line", release, message, "Let it write the version, or edit the line all the same.")


def _writer_of_images(ground: Ground, release: Release) -> str:
    """What writes the image of a release, by the Application of any of its deployments; empty if nothing does."""
    pair = ground.pairs[release.key]
    applications: dict[Application | None, None] = {}
    for each in (pair.deployment, *pair.others):
        applications |= dict.fromkeys((each.application, *(each.unit.above if each.unit else ())))
    writers = (
        writer_of_image(line.path, _manifest_of(ground, application), line.image or release.image)
        for line in release.lines
        for application in applications
    )
    return next(filter(None, writers), "")


def _manifest_of(ground: Ground, application: Application | None) -> JsonObject:
    """The manifest of an Application; empty where there is none that can be read."""
    if application is None or application.place.repository not in ground.survey.readers:
        return {}
    reader = ground.survey.readers[application.place.repository]
    manifests = [as_object(each.value) for each in reader.here.documents(application.place.path)]
    named = [each for each in manifests if value_at(each, ("metadata", "name")) == application.name]
    return (named or manifests or [{}])[0]


def refuse_stale_lock(draft: Draft, release: Release) -> None:
    """The version of a dependency is in Chart.lock, too, which only `helm dependency update` can write."""
    if release.shape != "dependency":
        return
    lock = release.path.removesuffix("Chart.yaml") + "Chart.lock"
    try:
        draft.ground.read(release.elsewhere or release.repository, lock)
    except (InputError, NotFoundError):
        return
    message = f"{lock} has the version of {release.chart}, too, and Helm refuses a lock that doesn't fit"
    remedy = f"Run `helm dependency update {release.path.removesuffix('/Chart.yaml')}` afterwards, and allow it now."
    draft.refuse("stale-chart-lock", release, message, remedy)


def _named(releases: Sequence[Release]) -> str:
    shown = ", ".join(each.pair for each in releases[:20])
    return shown + (f" and {len(releases) - 20:,} more" if len(releases) > 20 else "")
