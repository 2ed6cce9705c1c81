"""The certificate authorities that this process trusts: those of the machine, and the company's own.

Each client knows where to look in the environment: OpenSSL (urllib3, and so Backstage, sign-in and charts), requests
(the code hosts' libraries) and git. So one bundle, named in the environment, holds for all, and for what they start.
"""

from __future__ import annotations

import hashlib
import os
import re
import ssl
import stat
from pathlib import Path
from typing import Final

from scenedock.effects.local.disk import new_file_beside, read_file
from scenedock.errors import InputError

SETTING: Final = "SCENEDOCK_CA_FILE"
READERS: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO")
"""The variables in which OpenSSL, requests and git look for a file of trusted certificates."""
_OF_SYSTEMS: Final = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, Red Hat
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # macOS, BSD
)
_CERTIFICATE: Final = re.compile(b"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def trust(file: Path, cache: Path) -> Path:
    """Trust the certificates in a PEM file in addition to the machine's, in this process and in those it starts.

    The bundle of both, whose path is returned, is kept in a private folder `cache`.

    Raises
    ------
    InputError, NotFoundError   the file has no valid certificate, or the bundle can't be written
    """
    own = _certificates(read_file(file), file)
    roots = _of_this_machine()
    known = set(_CERTIFICATE.findall(roots))
    added = [each for each in own if each not in known]
    bundle = _kept(b"\n".join([roots.rstrip(), *added, b""]), cache)
    os.environ.update(dict.fromkeys(READERS, str(bundle)))
    return bundle


def _certificates(data: bytes, file: Path) -> list[bytes]:
    """The certificates of a file, each of which OpenSSL can read."""
    found = _CERTIFICATE.findall(data)
    if not found:
        raise InputError(
            f"{file}: there is no certificate in PEM form, which begins with -----BEGIN CERTIFICATE-----; {SETTING} "
            "names the certificate of your company's authority"
        )
    for number, each in enumerate(found, 1):
        try:
            ssl.create_default_context(cadata=each.decode("ascii"))
        except (ssl.SSLError, ValueError) as error:
            raise InputError(f"{file}: certificate {number} can't be read; copy the file again") from error
    return found


def _of_this_machine() -> bytes:
    """The authorities that are trusted without us: those the environment or the system names, else certifi's."""
    import certifi

    places = (ssl.get_default_verify_paths().cafile, *_OF_SYSTEMS, certifi.where())
    return read_file(next(Path(each) for each in places if each and Path(each).is_file()))


def _kept(data: bytes, folder: Path) -> Path:
    """The file with these bytes in a folder that nobody else may write to."""
    path = folder / f"{hashlib.sha256(data).hexdigest()[:16]}.pem"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        state = folder.lstat()
        if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.geteuid() or state.st_mode & 0o022:
            raise InputError(f"{folder}: others may write here, so no certificates are kept here; remove the folder")
        if not path.is_file() or path.read_bytes() != data:
            with new_file_beside(path, data, 0o600) as beside:
                beside.replace(path)
    except OSError as error:
        raise InputError(
            f"{folder}: the certificates that are trusted can't be written here: {error.strerror or error}; set "
            "XDG_CACHE_HOME to a folder that can be written to"
        ) from error
    return path
