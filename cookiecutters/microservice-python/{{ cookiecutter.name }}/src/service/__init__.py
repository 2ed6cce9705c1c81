"""{{ cookiecutter.name }}: an HTTP service."""

import os

NAME = "{{ cookiecutter.name }}"


def version() -> str:
    """Tell the release that runs."""
    return os.environ.get("SERVICE_VERSION", "development")
