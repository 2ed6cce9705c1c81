"""Deployments over HTTP: which version git says is where."""

from __future__ import annotations

import re

from flask import Response, request

from scenedock.doors.http.requests.answers import json_answer
from scenedock.doors.http.routes import Answer, Route
from scenedock.errors import InputError
from scenedock.model.action import BASE_PATH
from scenedock.releases.vocabulary import MOST_VERSIONS, VERSIONS
from scenedock.runtime.service import Service


def list_deployments(service: Service) -> Response:
    """List which version of each service git says is in which environment, and the line that says so."""
    from scenedock.actions.releases.deployments import DeploymentList
    from scenedock.usecases.releases.list_deployments import list_served

    apart = service.effects.apart
    return json_answer(DeploymentList.of(apart.read(list_served, apart.versions, apart.stale())))


def show_deployments(service: Service, name: str) -> Response:
    """Show which version of one service git says is in each environment, since when, and the line that says so."""
    from scenedock.actions.releases.deployments import DeploymentList
    from scenedock.usecases.releases.follow_versions import Extent, Selected, follow_served

    apart, helm = service.effects.apart, service.effects.helm
    deployments = apart.read(follow_served, Selected(name), Extent(), helm, apart.versions, apart.stale())
    return json_answer(DeploymentList.of(deployments.of(name)))


def show_history(service: Service, name: str) -> Response:
    """Show which versions a service had in its environments, since when, and by which commit and author."""
    from scenedock.actions.releases.deployments import HistoryList
    from scenedock.usecases.releases.follow_versions import Extent, Selected, follow_served

    apart, helm = service.effects.apart, service.effects.helm
    extent = Extent(_most(request.args.get("most", str(VERSIONS))), between=False)
    deployments = apart.read(follow_served, Selected(name), extent, helm, apart.versions, apart.stale())
    return json_answer(HistoryList.of(deployments.histories_of(name), deployments.problems))


def _most(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text, re.ASCII) or not 1 <= int(text) <= MOST_VERSIONS:
        raise InputError(f"the query parameter `most` must be a number from 1 to {MOST_VERSIONS}")
    return int(text)


ROUTES = (
    Route(
        "GET",
        f"{BASE_PATH}/deployments",
        "read",
        list_deployments,
        {200: Answer("The deployments", "DeploymentList")},
        tag="catalog",
    ),
    Route(
        "GET",
        f"{BASE_PATH}/services/{{name}}/deployments",
        "read",
        show_deployments,
        {200: Answer("The deployments", "DeploymentList"), 404: Answer("There is no such service", "ErrorBody")},
        parameters={"name": "Name of the service"},
        tag="catalog",
    ),
    Route(
        "GET",
        f"{BASE_PATH}/services/{{name}}/deployments/history",
        "read",
        show_history,
        {
            200: Answer("The versions, the newest first", "HistoryList"),
            404: Answer("There is no such service", "ErrorBody"),
        },
        parameters={"name": "Name of the service"},
        query={
            "most": {
                "type": "integer",
                "minimum": 1,
                "maximum": MOST_VERSIONS,
                "default": VERSIONS,
                "description": "How many of the last versions",
            },
        },
        tag="catalog",
    ),
)
