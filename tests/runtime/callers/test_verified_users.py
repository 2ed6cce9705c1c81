"""Users are known by the digests of their tokens."""

from __future__ import annotations

from scenedock.runtime.callers.verified_users import VerifiedUser, VerifiedUsers


def test_of_many_users_the_last_ones_are_known() -> None:
    users = VerifiedUsers(most=2)
    for number in range(3):
        users.keep(bytes([number]), VerifiedUser(str(number), "kid", None, 0))

    assert [users.get(bytes([number])) is None for number in range(3)] == [True, False, False]
