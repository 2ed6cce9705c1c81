"""Deployments over HTTP: which version git says is where."""

from __future__ import annotations

from flask import Response

from scenedock.actions.releases.deployments import DeploymentList
from scenedock.doors.http.requests.answers import ErrorBody, json_answer
from scenedock.doors.http.routes import Answer, Route
from scenedock.model.action import BASE_PATH
from scenedock.runtime.service import Service
from scenedock.usecases.releases.list_deployments import list_served, show_served


def list_deployments(service: Service) -> Response:
    """List which version of each service git says is in which environment, and the line that says so."""
    return json_answer(DeploymentList.of(service.effects.apart.read(list_served)))


def show_deployments(service: Service, name: str) -> Response:
    """Show which version of one service git says is in each environment, and the line that says so."""
    found = service.effects.apart.read(show_served, name, service.effects.helm)
    return json_answer(DeploymentList.of(found.of(name)))


ROUTES = (
    Route(
        "GET",
        f"{BASE_PATH}/deployments",
        "read",
        list_deployments,
        {200: Answer("The deployments", DeploymentList)},
        tag="catalog",
    ),
    Route(
        "GET",
        f"{BASE_PATH}/services/{{name}}/deployments",
        "read",
        show_deployments,
        {200: Answer("The deployments", DeploymentList), 404: Answer("There is no such service", ErrorBody)},
        parameters={"name": "Name of the service"},
        tag="catalog",
    ),
)
