"""The service's OpenAPI document, made once for all tests that read it while they are collected."""

from __future__ import annotations

from typing import Any

from scenedock.actions import ACTIONS
from scenedock.doors.http.app import ROUTES
from scenedock.doors.http.openapi import openapi_document

DOCUMENT: Any = openapi_document(ROUTES, ACTIONS)
