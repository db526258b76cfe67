"""Refusals: by PostgREST, by Postgres through it, and by the gateway before it."""

from collections.abc import Sequence

import msgspec
import psycopg

from simulators.http import Answer

JSON = [("Content-Type", "application/json; charset=utf-8")]

# PostgREST, "Errors": the status by SQLSTATE, the whole code before its class; 400 for all others.
_STATUSES = {
    "08": 503, "09": 500, "0L": 403, "0P": 403, "21000": 500, "23503": 409, "23505": 409, "25006": 405, "25": 500,
    "28": 403, "2D": 500, "38": 500, "39": 500, "3B": 500, "40": 500, "42883": 404, "42P01": 404, "42P17": 500,
    "53400": 500, "53": 503, "54": 500, "55": 500, "57P01": 503, "57": 500, "58": 500, "F0": 500, "HV": 500,
    "P0001": 400, "P0": 500, "XX": 500,
}  # fmt: skip


class ApiError(Exception):
    """The API refuses a request."""

    def __init__(self, status: int, code: str, message: str, details: str | None = None, hint: str | None = None):
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "details": details, "hint": hint, "message": message}

    def answer(self) -> Answer:
        """The refusal as it is sent."""
        named = ("Proxy-Status", f"PostgREST; error={self.body['code']}")
        return Answer(self.status, msgspec.json.encode(self.body), [*JSON, named])


class GatewayError(Exception):
    """The gateway refuses a request before PostgREST sees it."""

    def __init__(self, status: int, message: str, hint: str | None = None):
        super().__init__(message)
        self.status = status
        self.body = {"message": message} | ({"hint": hint} if hint else {})

    def answer(self) -> Answer:
        """The refusal as it is sent."""
        return Answer(self.status, msgspec.json.encode(self.body), JSON)


def of_postgres(error: psycopg.Error, *, is_anonymous: bool) -> ApiError:
    """What Postgres refuses, as PostgREST hands it on; values of rows are in it as in the real one."""
    told = error.diag
    # What the driver itself refuses is a NUL, which Postgres would not take either.
    state = told.sqlstate or "22021"
    if state == "42501":
        status = 401 if is_anonymous else 403
    else:
        status = _STATUSES.get(state) or _STATUSES.get(state[:2], 400)
    return ApiError(status, state, told.message_primary or "", told.message_detail, told.message_hint)


def no_database(error: psycopg.Error) -> ApiError:
    """The database is away."""
    return ApiError(503, "PGRST001", "Database client error. Retrying the connection.", str(error).strip())


def not_spoken(what: str) -> ApiError:
    """A form of request that PostgREST may know and this twin does not."""
    return ApiError(400, "PGRST127", "Feature not implemented", f"This twin does not speak {what}.")


def no_schema(name: str, exposed: Sequence[str]) -> ApiError:
    """A schema that is not exposed is asked for."""
    hint = f"Only the following schemas are exposed: {', '.join(exposed)}"
    return ApiError(406, "PGRST106", f"Invalid schema: {name}", None, hint)


def no_table(schema: str, table: str) -> ApiError:
    """A table is not in the schema cache."""
    return ApiError(404, "PGRST205", f"Could not find the table '{schema}.{table}' in the schema cache")


def no_column(table: str, column: str) -> ApiError:
    """A column is not in the schema cache."""
    return ApiError(400, "PGRST204", f"Could not find the '{column}' column of '{table}' in the schema cache")
