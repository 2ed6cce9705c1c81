"""The service with a slow route, for test_process.py."""

import time
from collections.abc import Iterator

from flask import Flask

from service import app


def create_app() -> Flask:
    """Build the application with the route /slow, which takes a second."""
    slow = app.create_app()

    @slow.get("/slow")
    def answer() -> Iterator[str]:
        yield "begun\n"
        time.sleep(1)
        yield "done\n"

    return slow
