"""Catalog files that our action registers in Backstage."""

from __future__ import annotations

from typing import Any

from tests.e2e.company import Company
from tests.tools.server import wait_until

COMPONENT = """apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {{name: {name}, description: {about}}}
spec: {{type: service, lifecycle: production, owner: group:default/payments}}
"""
FILE = "acme/payroll/blob/main/catalog-info.yaml"


def register(company: Company, **given: str) -> dict[str, Any]:
    answer = company.frontend.call("scenedock.register-in-catalog", given)
    assert not answer.get("isError"), answer
    made: dict[str, Any] = answer["structuredContent"]
    return made


def described(company: Company) -> list[str]:
    found = company.frontend.entities("kind=component,metadata.name=payroll")
    return [entity["metadata"]["description"] for entity in found]


def test_a_file_is_registered_once_and_read_again_when_it_is_registered_again(company: Company) -> None:
    url = company.put_on_code_host(FILE, COMPONENT.format(name="payroll", about="first"))

    first = register(company, url=url)
    wait_until(lambda: described(company) == ["first"], "the entity in the catalog")
    company.put_on_code_host(FILE, COMPONENT.format(name="payroll", about="second"))
    second = register(company, url=url, requestId="again")
    wait_until(lambda: described(company) == ["second"], "the change in the catalog")
    company.put_on_code_host(FILE, COMPONENT.format(name="payroll", about="third"))
    register(company, entityRef="payroll")
    wait_until(lambda: described(company) == ["third"], "the next change in the catalog")

    assert first == {"entityRefs": ["component:default/payroll"], "locationId": first["locationId"], "created": True}
    assert second == {**first, "created": False}
    assert first["locationId"]


def test_what_backstage_would_not_take_is_told_in_its_words_and_not_registered(company: Company) -> None:
    broken = company.put_on_code_host(f"{FILE}.yaml", COMPONENT.format(name="'not a name'", about="x"))

    for url, said in ((broken, "not a name"), (f"{broken}.missing", "no matching files")):
        answer = company.frontend.call("scenedock.register-in-catalog", {"url": url})
        assert answer["isError"]
        assert said in answer["content"][0]["text"]
    known = [each["data"]["target"] for each in company.frontend.ask("GET", "catalog/locations")]
    assert not [target for target in known if target.startswith(broken)]


def test_what_is_no_code_host_of_ours_is_not_registered(company: Company) -> None:
    answer = company.frontend.call("scenedock.register-in-catalog", {"url": company.feed})

    assert answer["isError"]
    assert "is not one of the allowed code hosts" in answer["content"][0]["text"]
