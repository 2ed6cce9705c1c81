#!/bin/sh
set -e
sleep '{{ cookiecutter.seconds }}'
if [ '{{ cookiecutter.refusal }}' ]; then
  echo '{{ cookiecutter.refusal }}' >&2
  exit 1
fi
