"""Checks of this machine: its programs, and the repositories that it reads."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from scenedock.catalog.vocabulary.settings import FILE_NAME, read_settings
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.git.clones import RepositoryClone
from scenedock.effects.git.commands import ask_git
from scenedock.effects.git.confined_git import ConfinedGit, basic_authorization, is_refused, last_line
from scenedock.effects.git.repositories import ServedRepository
from scenedock.effects.helm.program import HelmProgram
from scenedock.effects.local.disk import MAKE_WRITABLE, existing, why_unwritable
from scenedock.errors import InputError, NotAllowedError, NotFoundError, ScenedockError
from scenedock.usecases.doctor.diagnosis import TRUST, Diagnosis, fine, note, problem, unknown

_SECONDS = 30.0
_LEAST_BYTES = 500 << 20
"""Free space below which clones and a database soon find none: a fetch may need as much again as a clone has."""


def check_disk(folder: Path, least: int = _LEAST_BYTES) -> Diagnosis:
    """Whether the disk of the data folder, or of the place where it will be made, has so many bytes left."""
    try:
        free = shutil.disk_usage(existing(folder)).free
    except OSError as error:
        return unknown("disk", f"{folder} can't be read: {error.strerror or error}")
    evidence = f"{folder} is on a disk with {free >> 20} MiB left"
    if free < least:
        remedy = "Free some space, or enlarge the volume: docs/incidents.md, The disk is full."
        return problem("disk", evidence, remedy)
    return fine("disk", evidence)


def check_data(folder: Path, own: Iterable[str] = ()) -> Diagnosis:
    """Whether the data folder with our `own` names in it, or the place where it will be made, can be written."""
    if found := why_unwritable(folder, own):
        place, why = found
        return problem("data", f"{place} can't be written: {why}", MAKE_WRITABLE)
    return fine("data", f"{folder} can be written")


def check_git() -> Diagnosis:
    """Whether there is a git."""
    path = shutil.which("git")
    if path is None:
        remedy = "Install git (Debian: `apt-get install git`): clones, history and changes need it."
        return problem("git", "there is no `git` on PATH", remedy)
    return fine("git", f"{path} is there")


def check_helm(helm: HelmProgram, *, needed: bool) -> Diagnosis:
    """Whether the helm of the settings can be used; where it isn't `needed`, one that is missing is no problem."""
    try:
        helm.check()
    except (NotFoundError, InputError) as error:
        remedy = "Install Helm 3.17 or newer, or 4 (the image has it), or set SCENEDOCK_HELM to its path."
        evidence = str(error).partition(": install")[0]
        if isinstance(error, NotFoundError) and not needed:
            evidence += ". Without it, rendered manifests aren't compared, and some versions are unknown"
            return note("helm", evidence, remedy)
        return problem("helm", evidence, remedy)
    except NotAllowedError as error:
        return problem("helm", str(error), "Run on Linux with Landlock (5.13 or newer), outside of older sandboxes.")
    return fine("helm", f"{helm.path()} can be used")


def check_remote(name: str, clone: RepositoryClone, hosts: CodeHosts) -> Diagnosis:
    """Whether git reaches a repository at an address, with the credential for its host."""
    check, url = f"repository {name}", clone.remote.url
    try:
        login = hosts.git_login(clone.remote.repository)
    except ScenedockError as error:
        return problem(check, str(error), "See the check of its code host above.")
    with TemporaryDirectory(prefix="scenedock-doctor-") as home:
        git = ConfinedGit(Path(home), (url.partition("://")[0],), _SECONDS)
        secrets = basic_authorization(url, *login) if login else {}
        done = git.run(Path(home), "ls-remote", "--quiet", url, clone.remote.branch or "HEAD", secrets=secrets)
    said = last_line(done.stderr)
    if done.returncode == 0 and done.stdout:
        return fine(check, f"git reads {url}")
    if "certificate" in said:
        return problem(check, f"{url}: {said}", TRUST)
    if done.returncode == 0:
        return problem(check, f"{url}: there is no branch {clone.remote.branch}", "Check it in SCENEDOCK_REPOSITORIES.")
    if is_refused(done.stderr) or login is None:
        remedy = "Check the address, and the token of its host in the list of code hosts (SCENEDOCK_CODE_HOSTS)."
        return problem(check, f"{url}: {said}", remedy)
    return problem(check, f"{url}: {said}", "Check the address, DNS, HTTPS_PROXY and NO_PROXY.")


def check_history(name: str, root: Path, *, asked: int | None) -> Diagnosis:
    """Whether a clone has history where it is `asked` for: so many commits; None for all."""
    check = f"history {name}"
    if asked == 0:
        return fine(check, "no history is asked for (SCENEDOCK_HISTORY_COMMITS is 0), so nothing says since when")
    shallow = ask_git(root, "rev-parse", "--is-shallow-repository")
    if shallow.complaint:
        return unknown(check, f"{root}: {shallow.complaint}")
    if shallow.text != "true":
        return fine(check, f"{root} has its whole history")
    count = int(ask_git(root, "rev-list", "--count", "HEAD").text or 0)
    if asked is not None and count > 1:
        return fine(check, f"{root} has {count} commits; {asked} are asked for")
    remedy = (
        "Run `git fetch --unshallow` in it; in a pipeline, set `fetch-depth: 0` (GitHub) or `GIT_DEPTH: 0` (GitLab)."
        if asked is None
        else "Wait for the service's next fetch; if that changes nothing, its log says why."
    )
    return problem(check, f"{root} is a shallow clone with {count} commits, so older versions aren't known", remedy)


def check_settings_file(name: str, repository: ServedRepository) -> Diagnosis:
    """Whether a repository's scenedock.yaml says only what we understand."""
    check = f"settings {name}"
    try:
        with repository.opened() as opened:
            if FILE_NAME not in opened.listing().inside:
                return fine(check, f"{name} has no {FILE_NAME}")
            data = opened.read(FILE_NAME)
        read_settings(data, label=f"{name}/{FILE_NAME}")
    except InputError as error:
        return problem(check, str(error), f"Correct the line; `scenedock catalog check` reads {FILE_NAME}, too.")
    except NotFoundError as error:
        if isinstance(repository, RepositoryClone):
            return unknown(check, str(error))
        return problem(check, str(error), "Mount the folder, or correct SCENEDOCK_REPOSITORIES.")
    except ScenedockError as error:
        return unknown(check, str(error))
    return fine(check, f"{name}/{FILE_NAME} is valid")
