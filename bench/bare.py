"""What an idle service is compared with: the smallest Flask app on gunicorn."""

from __future__ import annotations

from flask import Flask

app = Flask("bare")


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}
