"""A finding may quote a file, but never a credential in it."""

from __future__ import annotations

from scenedock.model.finding import Finding, Place


def test_neither_message_nor_remedy_shows_a_credential() -> None:
    address = "https://jane:c4n4ry@git.acme.test/apps"

    finding = Finding("error", "any", f"{address} can't be read", Place(), f"Clone {address} again.")

    assert finding.message == "https://git.acme.test/apps can't be read"
    assert finding.remedy == "Clone https://git.acme.test/apps again."
