"""The OpenAPI description: complete, with examples, and always the same."""

from __future__ import annotations

import json
import re
from typing import Any

from api.app import ROUTERS, description
from api.description import TAGS, describe
from tests.api.conftest import Service

OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation
    for path, operations in description()["paths"].items()
    for method, operation in operations.items()
}


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = description()["components"]["schemas"][name]
    return found


def test_the_same_routes_give_the_same_text() -> None:
    assert json.dumps(describe(ROUTERS)) == json.dumps(describe(ROUTERS))


def test_whatever_the_description_refers_to_is_in_it() -> None:
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(description())))

    assert sorted(named - set(description()["components"]["schemas"])) == []


def test_what_is_sent_to_webhooks_of_others_is_described() -> None:
    sent = description()["webhooks"]["notice"]["post"]

    assert sent["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/WebhookBody"}
    assert schema("WebhookBody")["examples"]
    assert "security" not in sent


def test_the_service_gives_its_description_to_anybody_and_no_pages_that_load_scripts_from_elsewhere(
    service: Service,
) -> None:
    assert service.nobody.get("/api/openapi.json").json() == description()
    assert {service.nobody.get(path).status_code for path in ("/docs", "/redoc", "/openapi.json")} == {404}


def test_every_endpoint_has_a_title_a_text_and_a_known_tag() -> None:
    poor = [
        name
        for name, operation in OPERATIONS.items()
        if not operation.get("summary") or not operation.get("description") or not set(operation["tags"]) <= set(TAGS)
    ]

    assert poor == []


def test_every_request_model_has_an_example() -> None:
    names = {
        found
        for operation in OPERATIONS.values()
        for found in re.findall(r"schemas/(\w+)", json.dumps(operation.get("requestBody", {})))
    }

    assert sorted(name for name in names if not schema(name).get("examples")) == []


def test_every_model_in_an_answer_has_an_example() -> None:
    texts = [json.dumps(operation["responses"]) for operation in OPERATIONS.values()]
    names = {found for text in texts for found in re.findall(r"schemas/(\w+)", text)}
    # A page of a list shows its items.
    shown = {
        found if not found.startswith("Listing_") else re.sub(r"^Listing_(\w+)_$", r"\1", found) for found in names
    }

    assert sorted(name for name in shown if not schema(name).get("examples")) == []


def test_every_request_model_refuses_what_it_does_not_know() -> None:
    bodies = [json.dumps(operation["requestBody"]) for operation in OPERATIONS.values() if "requestBody" in operation]
    names = {found for body in bodies for found in re.findall(r"schemas/(\w+)", body)}

    assert sorted(name for name in names if schema(name).get("additionalProperties") is not False) == []


def test_what_needs_a_permission_says_how_to_come_in() -> None:
    for name, operation in OPERATIONS.items():
        if "x-permission" in operation:
            session = {"session": []} if name.startswith("GET") else {"session": [], "csrf": []}
            assert operation["security"] == [{"token": []}, session]
            assert {"401", "403", "422"} <= set(operation["responses"])
        else:
            assert "security" not in operation


def test_errors_are_described_as_problem_details() -> None:
    for operation in OPERATIONS.values():
        for status, response in operation["responses"].items():
            if status[0] == "4":
                assert list(response["content"]) == ["application/problem+json"]
