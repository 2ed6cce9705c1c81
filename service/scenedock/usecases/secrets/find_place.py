"""Find where a secret of a deployment is, or belongs: the way that its folder has secrets already, else asked."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Final, get_args

from scenedock.changes.planned import PlannedFile
from scenedock.changes.secrets.manifests import Kind
from scenedock.changes.secrets.naming import Scope, check_keys, check_name, check_namespace
from scenedock.changes.secrets.places import Form, SecretPlace
from scenedock.errors import InputError
from scenedock.gitops.values_edits import add_value
from scenedock.model.code_hosts.code_host import checked_path
from scenedock.model.json import as_object, as_text
from scenedock.releases.release import PairKey
from scenedock.releases.spots import Spot
from scenedock.structs import dataclass, replace
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.changes.promote import one_of
from scenedock.usecases.secrets.entries import DATA, WORDS, Entries, entries_of, target_of
from scenedock.usecases.secrets.homes_of_manifests import (
    Found,
    Manifests,
    is_below,
    kustomization_in,
    manifests_of,
    named,
    renamed_by,
)

_FILES: Final[Mapping[Kind, str]] = {"SealedSecret": "sealed-secret", "ExternalSecret": "external-secret"}


@dataclass(frozen=True, slots=True)
class SecretWish:
    """Which keys of which secret of a deployment; what is empty or None is found out.

    `name` is that of the Secret. `form` says whether it is a manifest or an entry in values, `path` in which file.
    `repository` is needed where several deploy the service there.
    """

    kind: Kind
    service: str
    environment: str | None
    keys: frozenset[str]
    repository: str | None = None
    name: str = ""
    namespace: str = ""
    scope: Scope | None = None
    form: Form | None = None
    path: str = ""

    def check(self) -> None:
        """Refuse what Kubernetes wouldn't take.

        Raises
        ------
        InputError   a name, namespace or key is invalid
        """
        check_keys(self.keys)
        if self.name:
            check_name(self.name)
        if self.namespace:
            check_namespace(self.namespace)


def find_place(ground: Ground, wish: SecretWish) -> SecretPlace:
    """Where a secret is, or belongs.

    Raises
    ------
    NotFoundError   there is no such service, or it isn't deployed there
    InputError      the wish is invalid or contradicts what is there, or something must be named that nothing says
    """
    wish.check()
    wish = replace(wish, path=checked_path(wish.path)) if wish.path else wish
    key = one_of(ground, wish.service, wish.environment, wish.repository).key
    deployment = ground.pairs[key].deployment
    wish = replace(wish, namespace=wish.namespace or deployment.namespace)
    manifests = _for_namespace(manifests_of(ground, key, wish.kind, wish.path), wish)
    entries = _entries(ground, key, wish)
    wish = replace(wish, name=wish.name or _only_name(key, manifests, entries))
    check_name(wish.name)
    _refuse_other_kind(ground, key, wish)
    place = _place(ground, key, wish, manifests, entries)
    if wish.kind == "SealedSecret" and place.scope != "cluster-wide" and not place.namespace:
        raise InputError(
            f"nothing says to which namespace {place.pair} is deployed, and the secret is encrypted for it: give "
            "`namespace`"
        )
    notes = tuple(f"not read, so nothing was looked for in it: {each}" for each in manifests.unreadable)
    return replace(place, cluster=deployment.cluster, notes=(*place.notes, *notes))


def _for_namespace(manifests: Manifests, wish: SecretWish) -> Manifests:
    """Without those of another namespace."""
    found = [each for each in manifests.found if each.manifest.namespace in {"", wish.namespace} or not wish.namespace]
    return replace(manifests, found=tuple(found))


def _entries(ground: Ground, key: PairKey, wish: SecretWish) -> tuple[Entries, ...]:
    deployed = ground.deployed[key]
    if wish.path and wish.path not in {each.path for each in deployed.layers}:
        return ()
    return entries_of(deployed, wish.kind)


def _only_name(key: PairKey, manifests: Manifests, entries: tuple[Entries, ...]) -> str:
    """The name of the only secret that is there, or that of the service.

    Raises
    ------
    InputError   there are several
    """
    names = {each.manifest.target for each in manifests.found} | {name for each in entries for name in each.by_name}
    if len(names) > 1:
        raise InputError(f"{named([key])} has several secrets: {', '.join(sorted(names))}; give the `name` of one")
    return next(iter(names), key[1].lower())


def _refuse_other_kind(ground: Ground, key: PairKey, wish: SecretWish) -> None:
    """Refuse a name that a secret of the other kind has: two controllers would write the same Secret.

    Raises
    ------
    InputError   one has it
    """
    other: Kind = "ExternalSecret" if wish.kind == "SealedSecret" else "SealedSecret"
    manifests = _for_namespace(manifests_of(ground, key, other), wish)
    places = [each.path for each in manifests.found if each.manifest.target == wish.name]
    places += [_dotted(each) for each in entries_of(ground.deployed[key], other) if wish.name in each.by_name]
    if places:
        raise InputError(
            f"the Secret {wish.name} comes from the {other} in {places[0]} already; give another `name`, or remove that"
        )


def _place(
    ground: Ground, key: PairKey, wish: SecretWish, manifests: Manifests, entries: tuple[Entries, ...]
) -> SecretPlace:
    found = [each for each in manifests.found if each.manifest.target == wish.name] if wish.form != "values" else []
    listed = [each for each in entries if wish.name in each.by_name] if wish.form != "manifest" else []
    if len(found) + len(listed) > 1:
        places = ", ".join([each.path for each in found] + [_dotted(each) for each in listed])
        raise InputError(f"the secret {wish.name} is in several places: {places}; give the `path` or `form` of one")
    if found:
        return _in_manifest(ground, key, wish, found[0])
    if listed or _form_of_new(key, wish, manifests, entries) == "values":
        return _in_values(ground, key, wish, (listed or list(entries))[0])
    return _new_manifest(ground, key, wish, manifests)


def _form_of_new(key: PairKey, wish: SecretWish, manifests: Manifests, entries: tuple[Entries, ...]) -> Form:
    """The form that a new secret gets: the one that others of the deployment have, or that is possible.

    Raises
    ------
    InputError   nothing decides
    """
    if wish.form == "values" or (wish.path and entries):
        if len(entries) != 1:
            found = ", ".join(map(_dotted, entries)) or f"no `{WORDS[wish.kind]}` among its values and its charts'"
            raise InputError(f"{named([key])}: where in its values secrets are isn't clear: {found}")
        return "values"
    if wish.form == "manifest" or wish.path:
        return "manifest"
    in_values, in_manifests = any(each.by_name for each in entries), bool(manifests.found)
    if in_values == in_manifests and in_values:
        raise InputError(f"{named([key])} has secrets in values and as manifests; give the `form` of this one")
    if in_manifests or not entries:
        return "manifest"
    return _form_of_new(key, replace(wish, form="values"), manifests, entries)


def _in_manifest(ground: Ground, key: PairKey, wish: SecretWish, found: Found) -> SecretPlace:
    manifest = found.manifest
    _refuse_renamed(ground, key, wish, manifest.scope)
    is_bound = wish.kind == "SealedSecret" and not manifest.namespace and manifest.scope != "cluster-wide"
    if found.shared_with and is_bound:
        raise InputError(
            f"{found.path} is deployed to {named(found.shared_with)}, too, where what is sealed for {named([key])} "
            "can't be opened; give each its own file"
        )
    if found.shared_with and not wish.path:
        raise InputError(
            f"{found.path} is deployed to {named(found.shared_with)}, too; give it as `path` if all of them should get "
            "it"
        )
    return SecretPlace(
        kind=wish.kind,
        form="manifest",
        key=key,
        repository=key[0],
        path=found.path,
        name=manifest.name,
        namespace=manifest.namespace or wish.namespace,
        scope=_scope(wish, manifest.scope, found.path),
        before=ground.read(key[0], found.path),
        spot=Spot((), manifest.document),
        has=manifest.keys,
        shared_with=found.shared_with,
        notes=(f"{found.path} is deployed to {named(found.shared_with)}, too",) if found.shared_with else (),
    )


def _in_values(ground: Ground, key: PairKey, wish: SecretWish, entries: Entries) -> SecretPlace:
    entry = entries.by_name.get(wish.name, {})
    target = target_of(ground, key, entries, wish.name, wish.keys, wish.kind)
    if wish.path and target.path != wish.path:
        raise InputError(f"{wish.path} isn't where values of {named([key])} alone are; {target.path} is")
    said = as_text(entry.get("scope")) or "strict"
    scope: Scope | None = next((each for each in get_args(Scope) if each == said), None)
    if scope is None:
        raise InputError(f"{target.path}: {wish.name} has the scope {said!r}: it must be {', '.join(get_args(Scope))}")
    return SecretPlace(
        kind=wish.kind,
        form="values",
        key=key,
        repository=target.repository,
        path=target.path,
        name=wish.name,
        namespace=wish.namespace,
        scope=_scope(wish, scope, target.path) if entry else wish.scope or "strict",
        before=ground.read(target.repository, target.path),
        spot=target.spot,
        has=frozenset(as_object(entry.get(DATA[wish.kind]))),
    )


def _new_manifest(ground: Ground, key: PairKey, wish: SecretWish, manifests: Manifests) -> SecretPlace:
    scope = wish.scope or "strict"
    _refuse_renamed(ground, key, wish, scope)
    if not wish.path and not manifests.own:
        shared = f"; {', '.join(manifests.shared)} serves others, too" if manifests.shared else ""
        raise InputError(
            f"{named([key])} has no folder of manifests of its own{shared}, and no chart that takes "
            f"`{WORDS[wish.kind]}` among its values: give the `path` of the new file"
        )
    path = wish.path or posixpath.join(manifests.own[0], f"{wish.name}-{_FILES[wish.kind]}.yaml")
    if any(is_below(path, each) for each in manifests.shared):
        raise InputError(
            f"{path} would be deployed to others, too, as all of {', '.join(manifests.shared)} is; give another `path`"
        )
    if others := manifests.others_at(path):
        raise InputError(f"{path} would be deployed to {named(others)}, too; give another `path`")
    if path in ground.repositories[key[0]].listing().files:
        raise InputError(
            f"{path} exists, and no {wish.kind} {wish.name} that can be read is in it; give another `path`"
        )
    folder = posixpath.dirname(path)
    kustomization = kustomization_in(ground, key[0], folder)
    also = (_listing(ground, key[0], kustomization, posixpath.basename(path)),) if kustomization else ()
    is_certain = bool(kustomization) or folder in manifests.own
    return SecretPlace(
        kind=wish.kind,
        form="manifest",
        key=key,
        repository=key[0],
        path=path,
        name=wish.name,
        namespace=wish.namespace,
        scope=scope,
        written_namespace=wish.namespace,
        also=also,
        notes=() if is_certain else (f"nothing shows that {path} is deployed to {named([key])}",),
    )


def _refuse_renamed(ground: Ground, key: PairKey, wish: SecretWish, scope: Scope) -> None:
    """Refuse to bind a manifest to a name that it won't have.

    Raises
    ------
    InputError   a kustomization gives it another name
    """
    if wish.kind == "SealedSecret" and scope == "strict" and (path := renamed_by(ground, key)):
        raise InputError(
            f"{path} changes the names of manifests, and a SealedSecret with another name can't be opened: give the "
            "scope `namespace-wide`"
        )


def _listing(ground: Ground, repository: str, kustomization: str, name: str) -> PlannedFile:
    """The kustomization with one more resource."""
    before = ground.read(repository, kustomization)
    return PlannedFile(repository, kustomization, before, add_value(before, "resources.-", name, kustomization))


def _scope(wish: SecretWish, existing: Scope, path: str) -> Scope:
    if wish.scope and wish.scope != existing and wish.kind == "SealedSecret":
        raise InputError(
            f"{path}: the secret {wish.name} has the scope {existing}, and all its keys must have the same; leave out "
            "`scope`, or give another `name`"
        )
    return existing


def _dotted(entries: Entries) -> str:
    return ".".join(map(str, entries.root))
