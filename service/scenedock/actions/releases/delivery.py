"""The JSON form of delivery metrics in actions and at the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from scenedock.model.json_documents import JsonDocument

if TYPE_CHECKING:
    from scenedock.releases.metrics import DeliveryMetrics
    from scenedock.releases.vocabulary import By
    from scenedock.usecases.releases.measure_delivery import Delivery


class DeliveryMetricsOutput(JsonDocument):
    """The metrics of an owner or a service."""

    owner: Annotated[str | None, "The owner; null where a row is a service's"]
    service: Annotated[str | None, "The service; null where a row is an owner's"]
    deployments: Annotated[int, "How many new versions came into the files of environments of production"]
    deployments_per_week: Annotated[float, "How many that is in a week"]
    lead_time_hours: Annotated[
        float | None, "Median of the hours from a version's first environment to production; null where none is known"
    ]
    lead_times_measured: Annotated[int, "Of how many versions it is known"]

    @classmethod
    def of(cls, metrics: DeliveryMetrics, by: By) -> DeliveryMetricsOutput:
        """The document of it."""
        return cls(
            owner=metrics.name if by == "owner" else None,
            service=metrics.name if by == "service" else None,
            deployments=metrics.deployments,
            deployments_per_week=metrics.per_week,
            lead_time_hours=metrics.lead_time,
            lead_times_measured=metrics.measured,
        )


class DeliveryOutput(JsonDocument):
    """Deployment frequency and lead time for changes, as far as git tells them."""

    days: Annotated[int, "The last days that are measured"]
    since: Annotated[str, "When they began (ISO 8601)"]
    metrics: Annotated[tuple[DeliveryMetricsOutput, ...], "By name"]
    incomplete: Annotated[tuple[str, ...], "Where less was searched, and why"]

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryOutput:
        """The document of it."""
        return cls(
            days=delivery.days,
            since=delivery.since,
            metrics=tuple(DeliveryMetricsOutput.of(each, delivery.by) for each in delivery.metrics),
            incomplete=delivery.incomplete,
        )
