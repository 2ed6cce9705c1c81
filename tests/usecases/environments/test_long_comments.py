"""Comments in the files that a new environment copies, as somebody would write them to stop the service."""

from __future__ import annotations

import pytest

from scenedock.changes.environments.secrets import secret_in_comment


@pytest.mark.parametrize("sign", ["w", "w ", "-", "a:"])
def test_a_comment_of_a_megabyte_is_searched_in_time_that_grows_with_its_length(sign: str) -> None:
    assert not secret_in_comment(f"# {sign * 500_000}")
    assert secret_in_comment(f"# {sign * 10} password: hunter42")
