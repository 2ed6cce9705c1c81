"""A real browser for the tests: chromium and axe-core from npm, by the lock file of `tests/browser`."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.tools.cache import keep
from tests.tools.node import node, node_modules

FOLDER = Path(__file__).parents[1] / "browser"
_ARCHIVES = ("chromium", "al2023.tar")
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{modules}/@expo-google-fonts/inter</dir>
  <dir>{modules}/dejavu-fonts-ttf/ttf</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias><family>system-ui</family><prefer><family>Inter</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>Inter</family><family>DejaVu Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
"""
_UNPACK = """
const { createReadStream, createWriteStream } = require("fs"), { pipeline } = require("stream/promises");
const { createBrotliDecompress } = require("zlib");
const [bin, to, ...names] = process.argv.slice(1);
Promise.all(names.map((name) =>
  pipeline(createReadStream(`${bin}/${name}.br`), createBrotliDecompress(), createWriteStream(`${to}/${name}`))))
  .catch((error) => { console.error(error); process.exit(1); });
"""
_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",  # the tests may run as root
    "--no-zygote",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--font-render-hinting=none",
)


@dataclass(frozen=True, slots=True)
class BrowserFiles:
    """The browser's program, the folders of its libraries and of the list of fonts, and axe-core's script."""

    program: Path
    libraries: Path
    fonts: Path
    axe: str


def browser_files() -> BrowserFiles:
    """The files, unpacked on the first use.

    Raises
    ------
    RuntimeError   the packages can't be fetched; the message has the command to try
    """
    modules = node_modules(FOLDER) / "node_modules"
    digest = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()[:16]
    made = keep(f"chromium-{digest}", lambda folder: _unpack(modules, folder))
    axe = (modules / "axe-core/axe.min.js").read_text("utf-8")
    return BrowserFiles(made / "chromium", made / "al2023" / "lib", made, axe)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A chromium of its own."""
    files = browser_files()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=files.program,
            args=list(_ARGUMENTS),
            ignore_default_args=["--headless"],
            env={
                "LD_LIBRARY_PATH": str(files.libraries),
                "FONTCONFIG_FILE": str(files.fonts / "fonts.conf"),
                "XDG_CACHE_HOME": str(files.fonts),
            },
        )
        try:
            yield browser
        finally:
            browser.close()


def _unpack(modules: Path, folder: Path) -> None:
    packed = modules / "@sparticuz/chromium/bin"
    command = [str(node()), "-e", _UNPACK, str(packed), str(folder), *_ARCHIVES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"chromium could not be unpacked: {done.stderr}")
    for name in _ARCHIVES[1:]:
        with tarfile.open(folder / name) as archive:
            archive.extractall(folder / name.removesuffix(".tar"), filter="data")
        (folder / name).unlink()
    (folder / "chromium").chmod(0o755)
    # The same fonts on every machine, so that pictures are the same; those that the browser brings have no arrows.
    (folder / "fonts.conf").write_text(_FONTS.format(modules=modules))
