"""{{ cookiecutter.name }}: an HTTP service."""

NAME = "{{ cookiecutter.name }}"
