"""API tokens: what programs come in with."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from pydantic import ConfigDict, Field, JsonValue
from sqlalchemy.orm import Session

from db.ledger import tokens
from db.ledger.tokens import StoredToken
from domain.access import PERMISSIONS, Permission, Role
from domain.inputs import Line
from domain.listing import Listing, PageRequest, decode_cursor, encode_cursor
from domain.refusals import Clash, Unknown
from operations.caller import Caller
from operations.inputs import read_future, read_line
from operations.issued_secrets import hash_of, new_secret

PREFIX = "unisync_"
"""How every token begins, so that people and scanners of leaked secrets know it for what it is."""

_EXAMPLE: dict[str, JsonValue] = {
    "id": "3f6cb2f4-53a5-4e0f-8a53-0c1f0e6a9b42",
    "name": "nightly export",
    "role": "viewer",
    "runs_installation": False,
    "created_by": "user:ann@example.org",
    "created_at": "2026-07-01T09:00:00Z",
    "expires_at": None,
    "last_used_at": None,
    "revoked_at": None,
}


class Token(StoredToken):
    """A token as its tenant knows it; what it is made of, nobody does any more."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [_EXAMPLE]})


class NewToken(StoredToken):
    """A token just made, with what it is made of: to be shown this once."""

    model_config = ConfigDict(
        frozen=True, json_schema_extra={"examples": [_EXAMPLE | {"secret": f"{PREFIX}shown-this-once"}]}
    )

    secret: str = Field(repr=False)


def make_token(
    caller: Caller, name: str, role: Role, *, expires_at: datetime | None = None, runs_installation: bool = False
) -> NewToken:
    """Make a token of the tenant; it counts until it is revoked or expires, also when its maker leaves.

    Raises:
        Forbidden: the caller may not manage access, or may less than the token could.
        Clash: another token has this name and is not revoked.
        Unusable: the name is no line of text, or the time has passed.
    """
    caller.require(Permission.MANAGE_ACCESS)
    require_no_more(caller, role, runs_installation)
    token = StoredToken(
        id=uuid4(),
        name=read_line(name, "name"),
        role=role,
        runs_installation=runs_installation,
        created_by=caller.actor,
        created_at=datetime.now(UTC),
        expires_at=read_future(expires_at, "expires_at"),
    )
    secret = new_secret(PREFIX)
    with caller.ledger() as session:
        if not tokens.save_token(session, token, hash_of(secret)):
            raise Clash(f"there is a token {name!r} already; revoke it first or choose another name")
        granted = token.model_dump(include={"role", "runs_installation", "expires_at"})
        caller.note(session, "token.create", name, **granted)
    return NewToken(**token.model_dump(), secret=secret)


def list_tokens(caller: Caller, page: PageRequest) -> Listing[Token]:
    """List the tokens of the tenant by name, revoked and expired ones too.

    Raises:
        Forbidden: the caller may not manage access.
        Unusable: the cursor is none of this list.
    """
    caller.require(Permission.MANAGE_ACCESS)
    after = decode_cursor(page.cursor, tuple[Line, UUID]) if page.cursor else None
    with caller.ledger() as session:
        found = tokens.list_tokens(session, after, page.limit + 1)
    items = tuple(shown(each) for each in found[: page.limit])
    position = encode_cursor((items[-1].name, items[-1].id)) if len(found) > page.limit else None
    return Listing(items=items, next_cursor=position)


def find_token(caller: Caller, token_id: UUID) -> Token:
    """Show one token of the tenant.

    Raises:
        Forbidden: the caller may not manage access.
        Unknown: the tenant has none with this id.
    """
    caller.require(Permission.MANAGE_ACCESS)
    with caller.ledger() as session:
        return shown(stored(session, caller, token_id))


def token_of_name(caller: Caller, name: str) -> Token:
    """Show the token of the tenant that has this name and is not revoked; raises as ``find_token``."""
    caller.require(Permission.MANAGE_ACCESS)
    with caller.ledger() as session:
        found = tokens.token_of_name(session, read_line(name, "name"))
    if found is None:
        raise Unknown(f"tenant {caller.tenant} has no token {name!r} that counts")
    return shown(found)


def revoke_token(caller: Caller, token_id: UUID) -> Token:
    """Let a token count no more from this moment on; once more changes nothing. Raises as ``find_token``."""
    caller.require(Permission.MANAGE_ACCESS)
    with caller.ledger() as session:
        tokens.revoke_token(session, token_id)
        revoked = stored(session, caller, token_id)
        caller.note(session, "token.revoke", revoked.name)
        return shown(revoked)


def require_no_more(caller: Caller, role: Role, runs_installation: bool) -> None:
    """Make sure that a token can do nothing that its maker cannot.

    Raises:
        Forbidden: it could; the attempt is in the audit log.
    """
    if runs_installation:
        caller.require(Permission.MANAGE_INSTALLATION)
    for permission in sorted(PERMISSIONS[role]):
        caller.require(permission)


def stored(session: Session, caller: Caller, token_id: UUID) -> StoredToken:
    """Give a token of the tenant.

    Raises:
        Unknown: the tenant has none with this id.
    """
    found = tokens.load_token(session, token_id)
    if found is None:
        raise Unknown(f"tenant {caller.tenant} has no token with this id")
    return found


def shown(found: StoredToken) -> Token:
    """Give a token as it is shown."""
    return Token.model_validate(found.model_dump())
