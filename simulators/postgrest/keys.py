"""The keys of a project, and what the gateway makes of those that are sent."""

import base64
from dataclasses import dataclass

import msgspec

from simulators.http import Request
from simulators.postgrest.errors import ApiError, GatewayError

ANONYMOUS = "anon"
SERVICE = "service_role"


def legacy_key(role: str) -> str:
    """A key in the form of the former ones, a JWT; nobody checks its signature but by comparing it."""
    claims = {"iss": "supabase", "ref": "twin", "role": role, "iat": 1767225600, "exp": 2082758400}
    parts = ({"alg": "HS256", "typ": "JWT"}, claims, f"signature of {role} in this twin")
    return ".".join(base64.urlsafe_b64encode(msgspec.json.encode(part)).rstrip(b"=").decode() for part in parts)


@dataclass(frozen=True)
class Keys:
    """The four keys that a project has."""

    secret: str = "sb_secret_twin0000000000000000_00000000"  # noqa: S105 -- of a twin
    publishable: str = "sb_publishable_twin0000000000000000_00000000"
    service_role: str = legacy_key(SERVICE)
    anon: str = legacy_key(ANONYMOUS)

    def role_of(self, request: Request) -> str:
        """The role in which a request is carried out (supabase.com/docs/guides/api/api-keys).

        Raises:
            GatewayError: there is no key, or it is none of the project's.
            ApiError: the bearer token is none.
        """
        roles = {self.secret: SERVICE, self.service_role: SERVICE, self.publishable: ANONYMOUS, self.anon: ANONYMOUS}
        key = request.headers.get("apikey")
        if not key:
            raise GatewayError(401, "No API key found in request", "No `apikey` request header or url param was found.")
        if key not in roles:
            raise _invalid()
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not token:
            return roles[key]
        if token.startswith("sb_") and token != key:
            raise _invalid()
        if scheme.lower() != "bearer" or token.count(".") != 2:
            raise ApiError(401, "PGRST301", f"Expected 3 parts in JWT; got {token.count('.') + 1}")
        if token not in roles:
            raise ApiError(401, "PGRST301", "No suitable key or wrong key type")
        return roles[token]


def _invalid() -> GatewayError:
    return GatewayError(401, "Invalid API key", "Double check your Supabase `anon` or `service_role` API key.")
