"""Findings as JUnit's XML, which CI servers show as tests: for each rule a suite, for each finding a case."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final
from xml.etree import ElementTree as ET

from scenedock.linting.rules import RULES
from scenedock.model.finding import Finding

_SUITE: Final = "scenedock deployments lint"


def as_junit(findings: Sequence[Finding], failing: Collection[str]) -> str:
    """A finding of a `failing` severity is a failure, any other a passed case with its text as output.

    A rule that found nothing has one passed case.
    """
    root = ET.Element("testsuites", name=_SUITE)
    for rule, about in RULES.items():
        found = [each for each in findings if each.code == rule]
        failures = sum(each.severity in failing for each in found)
        count = str(max(1, len(found)))
        suite = ET.SubElement(root, "testsuite", name=rule, tests=count, failures=str(failures), errors="0")
        if not found:
            ET.SubElement(suite, "testcase", classname=rule, name=about)
        for each in found:
            case = ET.SubElement(suite, "testcase", classname=rule, name=_printable(f"{each.place}: {each.message}"))
            text = _printable(f"{each.severity}: {each.place}: {each.message}. {each.remedy}")
            if each.severity in failing:
                ET.SubElement(case, "failure", type=each.severity, message=_printable(each.message)).text = text
            else:
                ET.SubElement(case, "system-out").text = text
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _printable(text: str) -> str:
    """A text without what XML can't hold."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
