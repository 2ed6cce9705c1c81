"""The wheel and the source distribution: the same bytes from the same commit, complete, and nothing else in them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from tests.install.packages import ROOT, SOURCE, build, tracked_files
from tests.tools.venv import venv
from tests.tools.wheel import build_wheel

TOOLS = Path(__file__).with_name("requirements-tools.txt")
OTHER_SURROUNDINGS = {
    "LANG": "tr_TR.UTF-8",
    "LC_ALL": "C",
    "PYTHONHASHSEED": "7",
    "SOURCE_DATE_EPOCH": "1700000000",
    "TZ": "Pacific/Kiritimati",
}
A_LONG_TIME_AGO = 946_684_800


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `scripts/build` has filled."""
    return build(ROOT, tmp_path_factory.mktemp("dist"))


def wheel_of(folder: Path) -> Path:
    (wheel,) = folder.glob("*.whl")
    return wheel


def sdist_of(folder: Path) -> Path:
    (sdist,) = folder.glob("*.tar.gz")
    return sdist


def metadata_of(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as packed:
        (name,) = (each for each in packed.namelist() if each.endswith(".dist-info/METADATA"))
        return message_from_bytes(packed.read(name))


def tool(name: str, *arguments: str | Path) -> None:
    command = [str(venv(TOOLS) / "bin" / name), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_another_folder_time_umask_language_order_and_untracked_files_give_the_same_bytes(
    built: Path, tmp_path: Path
) -> None:
    there = tmp_path / "another folder"
    for path in reversed(tracked_files()):
        copy = there / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy, follow_symlinks=False)
        if not path.is_symlink():
            copy.chmod(0o700 if path.stat().st_mode & 0o100 else 0o600)
            os.utime(copy, (A_LONG_TIME_AGO, A_LONG_TIME_AGO))
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=there, check=True)
    (there / ".venv").symlink_to(Path(sys.prefix))
    for name in ("notes.txt", "docs/[draft] #1!.md", "scenedock-data/signing-key.pem", "service/scenedock/new.py"):
        (there / name).parent.mkdir(exist_ok=True)
        (there / name).write_text("not for others", encoding="utf-8")

    again = build(there, tmp_path / "dist", umask=0o077, HOME=str(tmp_path / "home"), **OTHER_SURROUNDINGS)

    for made in (wheel_of, sdist_of):
        assert made(again).name == made(built).name
        assert made(again).read_bytes() == made(built).read_bytes()


def test_pip_builds_the_same_wheel_from_a_checkout_and_from_the_source_distribution(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tarfile.open(sdist_of(built)) as packed:
        packed.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()

    from_source = build_wheel(tmp_path / "from-source", unpacked)
    monkeypatch.setenv("SOURCE_URL", SOURCE)
    from_checkout = build_wheel(tmp_path / "from-checkout")

    assert from_source.read_bytes() == wheel_of(built).read_bytes()
    assert from_checkout.read_bytes() == wheel_of(built).read_bytes()


def test_the_wheel_has_the_package_the_skeletons_the_templates_the_example_and_nothing_else(built: Path) -> None:
    """Skeletons, templates and the example are files of the environment, where `scenedock skeletons` looks for them."""
    wheel = wheel_of(built)
    release = wheel.name.rsplit("-", 3)[0]
    share = f"{release}.data/data/share/scenedock"
    places = {
        "service": "",
        "cookiecutters": f"{share}/cookiecutters/",
        "examples": f"{share}/examples/",
        "catalog-info/templates": f"{share}/templates/",
    }
    expected = {
        f"{target}{path.relative_to(ROOT / place).as_posix()}": path.read_bytes()
        for place, target in places.items()
        for path in tracked_files()
        if path.is_relative_to(ROOT / place)
    }
    expected[f"{release}.dist-info/licenses/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    with zipfile.ZipFile(wheel) as packed:
        brought = {name: packed.read(name) for name in packed.namelist()}
    about = {f"{release}.dist-info/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt")}

    assert {name.partition("/")[0] for name in expected} == {"scenedock", f"{release}.data", f"{release}.dist-info"}
    assert {"scenedock/py.typed", f"{share}/cookiecutters/library-chart/cookiecutter.json"} <= brought.keys()
    assert {name: content for name, content in brought.items() if name not in about} == expected
    assert about <= brought.keys()


def test_the_source_distribution_has_what_git_has_and_nothing_else(built: Path) -> None:
    with tarfile.open(sdist_of(built)) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}

    # A link to a folder of another skeleton is packed as the files behind it.
    assert {(ROOT / name).resolve() for name in names - {"PKG-INFO"}} == {
        path.resolve() for path in tracked_files() if path.is_file()
    }


def test_what_checks_packages_before_an_upload_finds_nothing_wrong(built: Path) -> None:
    tool("twine", "check", "--strict", wheel_of(built), sdist_of(built))
    # W002: an empty file and a picture may well be in two skeletons.
    tool("check-wheel-contents", "--ignore", "W002", wheel_of(built))
    tool("validate-pyproject", ROOT / "pyproject.toml")


def test_the_index_shows_a_licence_links_and_a_readme_whose_links_lead_to_this_version(built: Path) -> None:
    metadata = metadata_of(wheel_of(built))
    links = dict(each.split(", ") for each in metadata.get_all("Project-URL", []))
    readme = metadata.get_payload(decode=True)
    assert isinstance(readme, bytes)
    text = readme.decode()

    assert (metadata["License-Expression"], metadata["License-File"]) == ("Apache-2.0", "LICENSE")
    assert links["Source"] == SOURCE
    assert links["Changelog"] == f"{SOURCE}/blob/v{metadata['Version']}/CHANGELOG.md"
    assert f"]({SOURCE}/raw/v{metadata['Version']}/docs/pictures/board.png)" in text
    assert re.findall(r"\]\((?!https://)[^)]*\)", text) == []


def test_without_an_address_no_link_is_invented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_URL", raising=False)

    metadata = metadata_of(build_wheel(tmp_path))

    assert (metadata["Project-URL"], metadata["Dynamic"]) == (None, None)
    assert metadata.get_payload(decode=True) == (ROOT / "README.md").read_bytes()
