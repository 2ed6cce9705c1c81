"""Archives as tools make them."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Mapping


def tar(files: Mapping[str, bytes | None], mode: int = 0o644, **more: int | str | bytes) -> bytes:
    """A gzipped tar archive, the same at all times; None is a folder, `more` are fields of each member."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as pressed,
        tarfile.open(fileobj=pressed, mode="w") as archive,
    ):
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.mode, member.size = mode, len(content or b"")
            member.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            for field, value in more.items():
                setattr(member, field, value)
            archive.addfile(member, io.BytesIO(content or b""))
    return packed.getvalue()


def zipped(files: Mapping[str, bytes | None], mode: int = 0o100644) -> bytes:
    """A zip archive; None is a folder, `mode` with the type of a file as Unix has it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(f"{name}/" if content is None else name)
            info.external_attr, info.compress_type = mode << 16, zipfile.ZIP_DEFLATED
            archive.writestr(info, content or b"")
    return packed.getvalue()
