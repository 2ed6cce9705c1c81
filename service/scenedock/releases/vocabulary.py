"""What inputs and outputs about versions are made of: words and limits, without the code that finds versions.

Descriptions of actions need these and no more.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Unit: TypeAlias = Literal["major", "minor", "build", "patch", "prerelease"]
"""What is counted between two versions, the largest first."""

Verdict: TypeAlias = Literal["same", "differs", "not rendered", "not compared"]
"""How the known version of a release stands to what Helm renders."""

By: TypeAlias = Literal["owner", "service"]
"""What delivery metrics are of."""

DAYS: Final = 90
MOST_DAYS: Final = 3_650
"""Of how many days delivery is measured."""

VERSIONS = 20
"""How many versions of a history are shown by default."""
MOST_VERSIONS = 1_000
