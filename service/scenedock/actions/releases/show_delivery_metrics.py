"""`scenedock:show-delivery-metrics`: deployment frequency and lead time for changes, from git."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from scenedock.actions.effects import Effects
from scenedock.actions.releases.delivery import DeliveryOutput
from scenedock.model.action import Context, Example, action
from scenedock.model.json_documents import Model
from scenedock.releases.vocabulary import DAYS, MOST_DAYS, By


class Input(Model):
    """What to measure."""

    days: Annotated[int, Field(ge=1, le=MOST_DAYS), "The last days to measure"] = DAYS
    by: Annotated[By, "What each of the `metrics` stands for"] = "owner"


EXAMPLES = [
    Example("How often each team deploys, and how long that takes", {}),
    Example("The same for each service, in the last month", {"days": 30, "by": "service"}),
]


@action("show-delivery-metrics", read_only=True, idempotent=True, examples=EXAMPLES)
def show_delivery_metrics_action(context: Context[Effects], request: Input) -> DeliveryOutput:
    """Show two of DORA's metrics by team or service, from git: deployment frequency, and lead time for changes.

    Raises
    ------
    InputError       no repository can be read
    TemporaryError   others are being answered, or it needs too much time or memory
    """
    from scenedock.usecases.releases.measure_delivery import measure_served

    delivery = context.effects.apart.read(measure_served, request.days, request.by)
    context.log(f"{sum(each.deployments for each in delivery.metrics)} deployments since {delivery.since}")
    return DeliveryOutput.of(delivery)
