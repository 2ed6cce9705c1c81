"""Release what was merged: the next version by the commits since the last one, as a tag and a release.

Prints the version, and hands it to the jobs that follow; where no commit since asks for a release, there is none.
"""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

CZ = str(Path(sys.executable).with_name("cz"))
NOTHING_TO_RELEASE = (3, 21)  # of commitizen: no commits, and none that asks for a release


def said(*command: str, fine: tuple[int, ...] = ()) -> str:
    """Run a program; what it prints, or nothing if it ends with a `fine` code."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode and done.returncode not in fine:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}")
    return "" if done.returncode else done.stdout.strip()


def tags(*chosen: str) -> list[str]:
    """List the tags of releases, the newest first."""
    return said("git", "tag", *chosen, "--list", "v[0-9]*", "--sort=-version:refname").splitlines()


def next_version() -> tuple[str, bool]:
    """Tell the version of the current commit, and whether it was released: then the pipeline is run again."""
    if released := tags("--points-at", "HEAD"):
        return released[0].removeprefix("v"), True
    if not set(tags()[:1]) <= set(tags("--merged", "HEAD")):  # a newer commit was released meanwhile, and this with it
        return "", False
    return said(CZ, "bump", "--get-next", "--yes", fine=NOTHING_TO_RELEASE), False


def notes(version: str) -> str:
    """Write what has changed since the release before."""
    released = tags("--merged", "HEAD")
    since = ("--start-rev", released[0]) if released else ()
    return said(CZ, "changelog", "--dry-run", "--unreleased-version", f"v{version}", *since)


def publish(version: str) -> None:
    """Make the tag and the release, in one request."""
{% if cookiecutter.ci == 'github' %}
    url = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/releases"
    token = {"Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}"}
    release = {"tag_name": f"v{version}", "target_commitish": os.environ["GITHUB_SHA"], "body": notes(version)}
{% else %}
    url = f"{os.environ['CI_API_V4_URL']}/projects/{os.environ['CI_PROJECT_ID']}/releases"
    token = {"JOB-TOKEN": os.environ["CI_JOB_TOKEN"]}
    release = {"tag_name": f"v{version}", "ref": os.environ["CI_COMMIT_SHA"], "description": notes(version)}
{% endif %}
    headers = {**token, "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(release).encode(), headers, method="POST")
    try:
        urllib.request.urlopen(request, timeout=60).close()
    except urllib.error.HTTPError as error:
        sys.exit(f"{url} refused the release {version} with {error.code}: {error.read().decode(errors='replace')}")
    except OSError as error:
        sys.exit(f"{url} could not be reached, so {version} is not released: {error}")


def main() -> None:
    """Release, if there is something to release."""
    version, is_released = next_version()
    if version and not is_released:
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
