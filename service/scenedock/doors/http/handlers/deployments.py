"""Deployments over HTTP: which version git says is where."""

from __future__ import annotations

from flask import Response

from scenedock.actions.releases.deployments import DeploymentList
from scenedock.doors.http.requests.answers import ErrorBody, json_answer
from scenedock.doors.http.routes import Answer, Route
from scenedock.model.action import BASE_PATH
from scenedock.runtime.service import Service
from scenedock.usecases.releases.list_deployments import Deployments, list_served


def list_deployments(service: Service) -> Response:
    """List which version of each service git says is in which environment, and the line that says so."""
    return json_answer(DeploymentList.of(_deployments(service)))


def show_deployments(service: Service, name: str) -> Response:
    """Show which version of one service git says is in each environment, and the line that says so."""
    return json_answer(DeploymentList.of(_deployments(service).of(name)))


def _deployments(service: Service) -> Deployments:
    return service.effects.apart.read(list_served)


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
