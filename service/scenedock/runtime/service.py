"""The service for its doors: settings, actions, and the effects that wiring has built."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scenedock.actions.effects import Effects
from scenedock.effects.backstage.signing_keys import SigningKey
from scenedock.effects.code_hosts.token_expiry import TokenExpiry
from scenedock.model.action import Action
from scenedock.model.finding import Reason
from scenedock.runtime.action_listing import BackstageLists
from scenedock.runtime.callers.authenticator import Authenticator
from scenedock.runtime.callers.sign_in import SignIn
from scenedock.runtime.calls import Calls
from scenedock.runtime.feed.catalog_feed import CatalogFeed
from scenedock.runtime.feed.data_folder import DataFolder
from scenedock.runtime.feed.open_changes import KeptOpenChanges
from scenedock.runtime.feed.overview import KeptOverview
from scenedock.runtime.metrics import Metrics
from scenedock.runtime.settings import Settings
from scenedock.runtime.tasks.key_witness import KeyWitness
from scenedock.runtime.tasks.service import TaskService
from scenedock.structs import dataclass
from scenedock.usecases.permissions import Permissions


@dataclass(frozen=True, slots=True)
class Service:
    """Everything that a request may need. `actions` is by name."""

    settings: Settings
    key: SigningKey
    authenticator: Authenticator
    sign_in: SignIn
    actions: Mapping[str, Action[Effects]]
    effects: Effects
    feed: CatalogFeed
    overview: KeptOverview
    open_changes: KeptOpenChanges
    calls: Calls
    metrics: Metrics
    tasks: TaskService
    permissions: Permissions
    listings: BackstageLists
    token_expiry: TokenExpiry
    key_witness: KeyWitness
    data: DataFolder

    def start(self, when_loaded: Callable[[], object] = lambda: None) -> None:
        """Start the background threads; `when_loaded` is called when the engine of tasks has been loaded, if it is."""
        self.tasks.start(when_loaded)
        self.feed.start()
        self.token_expiry.start()
        self.key_witness.start()

    def reasons(self) -> tuple[Reason, ...]:
        """Why the service is degraded, besides what its catalog says."""
        reasons = self.data.reasons()
        if not reasons and (why := self.feed.kept.unkept):
            reasons = (Reason("", "catalog-unkept", f"the catalog can't be kept for the next start: {why}"),)
        return (*reasons, *self.token_expiry.reasons())

    def about_to_stop(self) -> None:
        """Let no call delay the stop for more than half of the grace period: its task continues elsewhere, or later."""
        self.calls.hurry(self.settings.grace_seconds / 2)

    def stop(self) -> None:
        """Accept no more calls, and let running calls end."""
        self.about_to_stop()
        self.feed.stop()
        self.token_expiry.stop()
        self.key_witness.stop()
        self.calls.stop()
        self.tasks.stop(self.settings.grace_seconds)
        self.sign_in.sessions.store.close()
