"""Whatever is sent, the service answers as its description says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import (
    ChecksConfig,
    CoveragePhaseConfig,
    GenerationConfig,
    NotAServerErrorConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.specs.openapi import checks
from schemathesis.specs.openapi.schemas import OpenApiSchema

from api.app import description
from tests.api.conftest import Service
from tests.api.real_things import Things

# What is called here in every possible way is measured where it is called with a purpose.
pytestmark = pytest.mark.no_cover

EXAMPLES = 5


def described(*, every_edge: bool) -> OpenApiSchema:
    """The description, from which the same calls are made every time: random ones, and those at every edge."""
    project = ProjectConfig(
        # Where Prefect or a shop is away, 503 is the right answer; that it is described is checked beside.
        checks=ChecksConfig(not_a_server_error=NotAServerErrorConfig(expected_statuses=["2xx", "3xx", "4xx", 503])),
        generation=GenerationConfig(deterministic=True, max_examples=EXAMPLES, with_security_parameters=False),
        phases=PhasesConfig(coverage=CoveragePhaseConfig(enabled=every_edge)),
    )
    config = SchemathesisConfig(projects=ProjectsConfig(default=project), seed=1)
    return schemathesis.openapi.from_dict(description(), config=config)


SCHEMA = described(every_edge=True)
OF_REAL_THINGS = described(every_edge=False)
FEW = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
ANSWERS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]
ELSEWHERE = [
    # A schema does not say everything: values that fit it may be refused as well.
    checks.positive_data_acceptance,
    # It takes the token for one that it made up itself; test_permissions calls everything without one.
    checks.ignored_auth,
]


class Shared(NamedTuple):
    """The one service of this module, real things in it, and a connection that is kept open."""

    service: Service
    things: Things
    session: requests.Session

    def call(self, case: schemathesis.Case, client: httpx.Client, **checks: Any) -> None:
        """Make the call with the client's token, and look at the answer."""
        case.headers["Authorization"] = client.headers["Authorization"]
        case.call_and_validate(base_url=self.service.url, session=self.session, **checks)

    def call_real_thing(self, case: schemathesis.Case) -> None:
        """Make the call at real things."""
        case.path_parameters = {name: self.things[name] for name in case.path_parameters}
        self.call(case, self.service.installer, checks=ANSWERS)


@pytest.fixture(scope="module")
def shared(module_service: Service) -> Iterator[Shared]:
    """What all endpoints share."""
    with requests.Session() as session:
        yield Shared(module_service, Things(module_service), session)


@SCHEMA.parametrize()
@FEW
def test_anything_that_is_sent_is_answered_as_described(shared: Shared, case: schemathesis.Case) -> None:
    shared.call(case, shared.service.admin, excluded_checks=ELSEWHERE)


@OF_REAL_THINGS.include(path_regex="{").exclude(method="DELETE").parametrize()
@FEW
def test_anything_that_is_sent_to_real_things_is_answered_as_described(shared: Shared, case: schemathesis.Case) -> None:
    shared.call_real_thing(case)


@OF_REAL_THINGS.include(path_regex="{", method="DELETE").parametrize()
@FEW
def test_real_things_are_deleted_as_described(shared: Shared, case: schemathesis.Case) -> None:
    shared.call_real_thing(case)
