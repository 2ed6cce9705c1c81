"""What is left out of a document that goes into the catalog, and what stays."""

from __future__ import annotations

from scenedock.catalog.vocabulary.credentials import drop_credentials
from scenedock.model.finding import Finding, Place
from scenedock.model.json import JsonObject

BAD, GOOD = "https://jane:c4n4ry@acme.test/x", "https://acme.test/x"
PLACE = Place("apps", "billing/catalog-info.yaml", 3)


def test_a_document_without_credentials_is_the_same_one() -> None:
    document = {"metadata": {"links": [{"url": GOOD}]}}

    assert drop_credentials(document, lambda _path: PLACE) == (document, [])


def test_each_text_loses_them_and_is_told_with_its_place() -> None:
    document: JsonObject = {"metadata": {"links": [{"url": BAD}], BAD: True}, "spec": {"size": 1, "urls": (BAD, GOOD)}}

    clean, findings = drop_credentials(document, lambda _path: PLACE)

    assert clean == {"metadata": {"links": [{"url": GOOD}], GOOD: True}, "spec": {"size": 1, "urls": [GOOD, GOOD]}}
    assert [each.message.partition(" has ")[0] for each in findings] == [
        "metadata.links[0].url",
        f"metadata.{GOOD}",
        "spec.urls[0]",
    ]
    assert {(each.severity, each.code, each.place) for each in findings} == {
        ("warning", "credentials-in-address", PLACE)
    }


def test_the_definition_of_an_api_stays_as_it_is() -> None:
    document = {"spec": {"definition": f"example: {BAD}"}}

    assert drop_credentials(document, lambda _path: PLACE) == (document, [])
    assert drop_credentials({**document, "x": BAD}, lambda _path: PLACE)[0] == {**document, "x": GOOD}


def test_no_finding_repeats_them() -> None:
    assert Finding("info", "x", f"{BAD} is wrong", PLACE).message == f"{GOOD} is wrong"
