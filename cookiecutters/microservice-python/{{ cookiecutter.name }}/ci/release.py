"""Release what was merged: the next version by the commits since the last one, as a tag and a release.

Prints the version, and hands it to the jobs that follow; where no commit since asks for a release, there is none.
"""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import Any

CZ = (sys.executable, str(Path(__file__).with_name("commits.py")))
NOTHING_TO_RELEASE = (3, 21)  # of commitizen: no commits, and none that asks for a release
RELEASE = re.compile(r"v\d+\.\d+\.\d+")  # other tags may be there


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it would send the token to whatever address an answer names."""

    def redirect_request(self, *_: object) -> None:
        """Leave the answer as it is; it becomes an error."""


OPENER = urllib.request.build_opener(NoRedirects)


def said(*command: str, fine: tuple[int, ...] = ()) -> str:
    """Run a program; what it prints, or nothing if it ends with a `fine` code."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode and done.returncode not in fine:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}")
    return "" if done.returncode else done.stdout.strip()


def tags(*chosen: str) -> list[str]:
    """List the tags of releases, the newest first."""
    listed = said("git", "tag", *chosen, "--list", "v[0-9]*", "--sort=-version:refname")
    return [tag for tag in listed.splitlines() if RELEASE.fullmatch(tag)]


def next_version() -> tuple[str, bool]:
    """Tell the version of the current commit, and whether it has the tag already: then the pipeline is run again."""
    if released := tags("--points-at", "HEAD"):
        return released[0].removeprefix("v"), True
    newest = tags()[:1]
    if not set(newest) <= set(tags("--merged", "HEAD")):
        if tags("--contains", "HEAD"):  # a newer commit was released meanwhile, and this with it
            return "", False
        sys.exit(f"{newest[0]} is the newest release, but no commit of this branch: delete that tag, or merge it")
    return said(*CZ, "bump", "--get-next", "--yes", fine=NOTHING_TO_RELEASE), False


def notes(version: str) -> str:
    """Write what has changed since the release before."""
    released = tags("--merged", "HEAD")
    since = ("--start-rev", released[0]) if released else ()
    return said(*CZ, "changelog", "--dry-run", "--unreleased-version", f"v{version}", *since)


def ask(place: str, wish: dict[str, str] | None = None) -> dict[str, Any]:
    """Ask the API of the code host; nothing, if there is no such release."""
{% if cookiecutter.ci == 'github' %}
    url = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/releases{place}"
    token = {"Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}"}
{% else %}
    url = f"{os.environ['CI_API_V4_URL']}/projects/{os.environ['CI_PROJECT_ID']}/releases{place}"
    token = {"JOB-TOKEN": os.environ["CI_JOB_TOKEN"]}
{% endif %}
    body = json.dumps(wish).encode() if wish else None
    request = urllib.request.Request(url, body, {**token, "Content-Type": "application/json"})
    try:
        with OPENER.open(request, timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        if error.code == HTTPStatus.NOT_FOUND and not wish:
            return {}
        sys.exit(f"{url} answered {error.code}: {error.read().decode(errors='replace')}")
    except (OSError, ValueError) as error:
        sys.exit(f"{url} could not be reached: {error!r}")


def publish(version: str) -> None:
    """Make the tag and the release, in one request."""
{% if cookiecutter.ci == 'github' %}
    ask("", {"tag_name": f"v{version}", "target_commitish": os.environ["GITHUB_SHA"], "body": notes(version)})
{% else %}
    ask("", {"tag_name": f"v{version}", "ref": os.environ["CI_COMMIT_SHA"], "description": notes(version)})
{% endif %}


def released_commit(version: str) -> str:
    """Tell the commit that was released as a version; empty, if its tag has no release."""
{% if cookiecutter.ci == 'github' %}
    return str(ask(f"/tags/v{version}").get("target_commitish", ""))
{% else %}
    return str(ask(f"/v{version}").get("commit", {}).get("id", ""))
{% endif %}


def main() -> None:
    """Release, if there is something to release."""
    version, has_tag = next_version()
    commit = released_commit(version) if has_tag else ""
    if commit and commit != os.environ["{{ 'GITHUB_SHA' if cookiecutter.ci == 'github' else 'CI_COMMIT_SHA' }}"]:
        sys.exit(f"v{version} was released from {commit}, and its tag was moved here: move it back")
    if version and not commit:
        publish(version)
    print(f"release {version}" if version else "nothing to release: no feat or fix since the last release")
{% if cookiecutter.ci == 'github' %}
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as outputs:
        outputs.write(f"version={version}\n")
{% else %}
    Path("release.env").write_text(f"VERSION={version}\n", encoding="utf-8")
{% endif %}


if __name__ == "__main__":
    main()
