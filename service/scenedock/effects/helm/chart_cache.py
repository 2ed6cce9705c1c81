"""Charts from elsewhere, kept in a folder by the address of their repository, their name and exact version."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenedock.effects.helm.remote_charts import RemoteChart
from scenedock.errors import InputError, ScenedockError
from scenedock.structs import dataclass

if TYPE_CHECKING:  # its import loads the library for HTTP
    from scenedock.effects.helm.chart_fetching import ChartFetcher

SETTING: Final = "SCENEDOCK_HELM_CHARTS"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VERSION: Final = re.compile(r"v?\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]*)?")


@dataclass(frozen=True, slots=True)
class ChartCache:
    """The archives in a `folder`, which may be missing. With a `fetcher`, what isn't there is fetched, and stays."""

    folder: Path
    fetcher: ChartFetcher | None = None

    def archive(self, chart: RemoteChart) -> bytes:
        """The archive of a chart.

        Raises
        ------
        InputError   it isn't here and can't be fetched, or isn't what it should be
        """
        if not _NAME.fullmatch(chart.name) or not _VERSION.fullmatch(chart.version):
            raise InputError(f"{chart}: only charts of an exact version can be taken from elsewhere")
        path = self._path(chart)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            data = self._fetched(chart, path)
        except OSError as error:
            raise InputError(f"{path}: can't be read: {error.strerror}") from error
        if chart.digest and hashlib.sha256(data).hexdigest() != chart.digest:
            raise InputError(f"{path}: this is not the archive of {chart}; delete it")
        return data

    def _fetched(self, chart: RemoteChart, path: Path) -> bytes:
        if self.fetcher is None:
            raise InputError(f"{chart} is not among the charts in {self.folder}; --fetch-charts fetches it")
        try:
            data = self.fetcher.fetch(chart)
        except ScenedockError as error:
            raise InputError(f"{chart} can't be fetched: {error}") from error
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                file.write(data)
            os.replace(file.name, path)  # noqa: PTH105 - a name, not a Path
        except OSError as error:
            raise InputError(f"{path}: can't be written: {error.strerror}") from error
        return data

    def _path(self, chart: RemoteChart) -> Path:
        repository = hashlib.sha256(chart.repository.rstrip("/").encode()).hexdigest()[:32]
        return self.folder / repository / f"{chart.name}-{chart.version}.tgz"
