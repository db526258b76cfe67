"""The wall around accounts: what the application and the door may know and do of each other's business."""

from __future__ import annotations

from sqlalchemy import text

from db.session import door_session, tenant_session
from tests.db.conftest import NO_RIGHT, Filled, insertion, outcome


def test_only_members_are_visible_to_a_tenant_and_never_their_passwords(filled: Filled) -> None:
    visible = {}
    for tenant in ("a", "c"):
        with tenant_session(filled.engine, tenant) as session:
            visible[tenant] = session.scalars(text("SELECT email FROM unisync.users")).all()
            assert outcome(session, "SELECT password_hash FROM unisync.users") == NO_RIGHT
            assert outcome(session, "SELECT hash FROM unisync.tokens") == NO_RIGHT
            assert outcome(session, "SELECT 1 FROM unisync.login_attempts") == NO_RIGHT

    assert visible == {"a": ["x"], "c": []}


def test_the_application_makes_no_account_and_admits_nobody(filled: Filled) -> None:
    before = filled.contents()
    person = "00000000-0000-0000-0000-000000000001"
    with tenant_session(filled.engine, "c") as session:
        for statement in (
            "INSERT INTO unisync.users (id, email, password_hash) VALUES (gen_random_uuid(), 'y', 'y')",
            "UPDATE unisync.users SET password_hash = 'y'",
            "DELETE FROM unisync.users",
            f"INSERT INTO unisync.memberships (user_id, role) VALUES ('{person}', 'viewer')",
        ):
            assert outcome(session, statement) == NO_RIGHT

    assert filled.contents() == before


def test_what_was_noted_cannot_be_rewritten_by_anybody_who_works_through_the_application(filled: Filled) -> None:
    with tenant_session(filled.engine, "a") as tenant, door_session(filled.engine) as door:
        for session in (tenant, door):
            assert outcome(session, "UPDATE unisync.audit_log SET actor = 'y'") == NO_RIGHT
            assert outcome(session, "DELETE FROM unisync.audit_log") == NO_RIGHT
            assert outcome(session, "TRUNCATE unisync.audit_log") == NO_RIGHT


def test_the_door_gives_nobody_more_rights_than_they_have(filled: Filled) -> None:
    with door_session(filled.engine) as session:
        for statement in (
            "UPDATE unisync.memberships SET role = 'admin'",
            "DELETE FROM unisync.memberships",
            "UPDATE unisync.tokens SET revoked_at = NULL",
            "UPDATE unisync.tokens SET role = 'admin'",
            insertion("tokens", filled.rows["tokens"] | {"tenant": "c"}),
            "UPDATE unisync.sessions SET expires_at = 'infinity'",
            "UPDATE unisync.users SET email = 'y'",
            "DELETE FROM unisync.users",
        ):
            assert outcome(session, statement) == NO_RIGHT


def test_the_door_reads_neither_credentials_nor_settings_of_connections(filled: Filled) -> None:
    with door_session(filled.engine) as session:
        for columns in ("sealed", "settings", "*"):
            assert outcome(session, f"SELECT {columns} FROM unisync.connections") == NO_RIGHT
