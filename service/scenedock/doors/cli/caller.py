"""Who calls at the command line: the person who typed, on their own data, may do everything."""

from __future__ import annotations

from typing import Final

from scenedock.model.action import Caller

COMMAND_LINE: Final = Caller("command-line", "local", scope="admin")
