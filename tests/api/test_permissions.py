"""The wall: every endpoint, called by every role, by nobody and by another tenant."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
import stamina

from api.app import ROUTERS, description
from api.description import permissions
from domain.access import PERMISSIONS, Permission, Role
from tests.api.conftest import Service
from tests.api.permission_table import PEOPLE_ONLY, PUBLIC, TABLE
from tests.api.real_things import MARK, OF_NOBODY, REAL_THINGS, Things
from tests.operations.steering import connect, plan, write

ENDPOINTS = [
    (method.upper(), path)
    for path, operations in description()["paths"].items()
    for method in operations
    if method in ("get", "put", "post", "delete", "patch", "head", "options", "trace")
]
PROTECTED = [endpoint for endpoint in ENDPOINTS if TABLE.get(endpoint) is not PUBLIC]
OPEN = [endpoint for endpoint in PROTECTED if endpoint not in PEOPLE_ONLY]
BLOCKED = (401, 403, 404)
OF_DEFAULT = set(REAL_THINGS) - OF_NOBODY
OF_THINGS = [one for one in PROTECTED if OF_DEFAULT.intersection(re.findall(r"{(\w+)}", one[1]))]


def operation(endpoint: tuple[str, str]) -> dict[str, Any]:
    method, path = endpoint
    found: dict[str, Any] = description()["paths"][path][method.lower()]
    return found


def example_body(endpoint: tuple[str, str]) -> object:
    """The first example of the request model, or of the endpoint itself: a body that is fine."""
    content = operation(endpoint).get("requestBody", {}).get("content", {}).get("application/json", {})
    named = re.search(r"schemas/(\w+)", str(content.get("schema")))
    if "example" in content or named is None:
        return content.get("example")
    return description()["components"]["schemas"][named[1]]["examples"][0]


def example_query(endpoint: tuple[str, str]) -> dict[str, object]:
    """The parameters that must be there, as their examples have them."""
    needed = [one for one in operation(endpoint).get("parameters", ()) if one["in"] == "query" and one.get("required")]
    return {one["name"]: one["schema"]["examples"][0] for one in needed}


def call(client: httpx.Client, endpoint: tuple[str, str], path: str) -> httpx.Response:
    return client.request(endpoint[0], path, json=example_body(endpoint), params=example_query(endpoint))


def having(service: Service, endpoint: tuple[str, str]) -> list[tuple[str, httpx.Client]]:
    """Everybody in the tenant ``default`` who has the permission for an endpoint."""
    permission = TABLE[endpoint]
    if permission is Permission.MANAGE_INSTALLATION:
        return [("installer", service.installer)]
    return [(role, getattr(service, role)) for role in Role if permission in PERMISSIONS[role]]


def without(service: Service, endpoint: tuple[str, str]) -> list[tuple[str, httpx.Client]]:
    """Everybody in the tenant ``default`` who has it not; a token has no session, whoever it belongs to."""
    may = () if endpoint in PEOPLE_ONLY else dict(having(service, endpoint))
    return [(role, getattr(service, role)) for role in Role if role not in may]


def test_every_endpoint_has_a_row_in_the_table_and_every_row_an_endpoint() -> None:
    assert set(TABLE) == set(ENDPOINTS)


def test_every_endpoint_asks_for_the_permission_that_the_table_names() -> None:
    assert permissions(ROUTERS) == TABLE


def test_the_description_tells_the_permission_of_every_endpoint() -> None:
    told = {endpoint: operation(endpoint).get("x-permission") for endpoint in ENDPOINTS}

    assert told == TABLE


@pytest.fixture(scope="module")
def things(module_service: Service) -> Things:
    """Real things of the tenant ``default``, one of every sort."""
    things = Things(module_service)
    for parameter in REAL_THINGS:
        assert things[parameter]
    return things


@pytest.mark.parametrize("endpoint", PROTECTED, ids=" ".join)
def test_nobody_comes_in_without_the_permission_that_the_table_names(
    module_service: Service, things: Things, endpoint: tuple[str, str]
) -> None:
    path = endpoint[1].format_map(things)

    refused = {who: call(client, endpoint, path).status_code for who, client in without(module_service, endpoint)}

    assert call(module_service.nobody, endpoint, path).status_code == 401
    assert refused == dict.fromkeys(refused, 403)


@pytest.mark.parametrize("endpoint", [one for one in OPEN if one[0] == "GET"], ids=" ".join)
def test_everybody_whom_the_table_names_may_read(
    module_service: Service, things: Things, endpoint: tuple[str, str]
) -> None:
    assert turned_away(module_service, endpoint, things) == []


@pytest.mark.parametrize("endpoint", [one for one in OPEN if one[0] != "GET"], ids=" ".join)
def test_everybody_whom_the_table_names_may_change(service: Service, endpoint: tuple[str, str]) -> None:
    with stamina.set_testing(True):
        assert turned_away(service, endpoint, Things(service)) == []


def turned_away(service: Service, endpoint: tuple[str, str], things: Things) -> list[str]:
    """Those who have the permission and do not come in."""
    path = endpoint[1].format_map(things)
    answers = {who: call(client, endpoint, path).status_code for who, client in having(service, endpoint)}
    assert answers
    return [who for who, status in answers.items() if status in (401, 403)]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=" ".join)
def test_another_tenant_gets_at_nothing(module_service: Service, things: Things, endpoint: tuple[str, str]) -> None:
    asked = OF_DEFAULT.intersection(re.findall(r"{(\w+)}", endpoint[1]))

    answer = call(module_service.stranger, endpoint, endpoint[1].format_map(things))

    assert MARK not in without_names(answer, {name: things[name] for name in asked})
    if asked and TABLE[endpoint] is not PUBLIC:
        assert answer.status_code in BLOCKED, answer.text


@pytest.mark.parametrize("endpoint", OF_THINGS, ids=" ".join)
def test_what_is_another_tenants_is_as_unknown_as_what_never_was(
    module_service: Service, things: Things, endpoint: tuple[str, str]
) -> None:
    never = things | {name: like(things[name]) for name in OF_DEFAULT}

    of_another, of_nobody = (
        without_names(call(module_service.stranger, endpoint, endpoint[1].format_map(names)), names)
        for names in (things, never)
    )

    assert of_another == of_nobody


def test_a_real_token_that_confirms_a_run_of_one_tenant_confirms_nothing_in_another(service: Service) -> None:
    connect(service.caller())
    plan_id = plan(service.caller(), [write(number) for number in range(12)])
    asked = service.admin.post("/api/sync/all", json={"plan": str(plan_id)}).json()
    path = f"/api/sync/confirm/{asked['confirmation']['token']}"

    of_another, of_nobody = (service.stranger.post(at) for at in (path, f"/api/sync/confirm/{'A' * 43}"))
    assert of_another.status_code == 404
    assert without_names(of_another, {"path": path}) == without_names(of_nobody, {"path": of_nobody.url.path})
    assert service.admin.get(f"/api/sync/status/{asked['run']['id']}").json()["state"] == "awaiting_confirmation"

    with stamina.set_testing(True):
        assert service.admin.post(path).status_code == 503, "it counts where it was given; Prefect is away"


def like(name: str) -> str:
    """A name of the same shape that nothing has."""
    is_uuid = re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name)
    return str(uuid4()) if is_uuid else name[::-1]


def without_names(answer: httpx.Response, names: dict[str, str]) -> str:
    """The whole answer, without the names that were asked for themselves."""
    told = f"{answer.status_code} {answer.text.replace(answer.headers['X-Request-Id'], '')}"
    for name in sorted(names.values(), key=len, reverse=True):
        told = told.replace(name, "")
    return told
