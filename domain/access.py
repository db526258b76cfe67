"""Who may do what: roles, permissions, and the one table that says which role has which."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """What a caller may be allowed to do within a tenant; ``manage_installation`` reaches beyond it."""

    VIEW = "view"
    RUN_SYNC = "run_sync"
    RESOLVE_FAILURES = "resolve_failures"
    MANAGE_SETTINGS = "manage_settings"
    MANAGE_ACCESS = "manage_access"
    READ_AUDIT = "read_audit"
    MANAGE_INSTALLATION = "manage_installation"


class Role(StrEnum):
    """What somebody is in a tenant."""

    ADMIN = "admin"
    OPERATOR = "operator"
    BOOKKEEPER = "bookkeeper"
    VIEWER = "viewer"


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    # Not manage_installation: that is given to a person or a token beside the role, never by it.
    Role.ADMIN: frozenset(Permission) - {Permission.MANAGE_INSTALLATION},
    Role.OPERATOR: frozenset({Permission.VIEW, Permission.RUN_SYNC, Permission.RESOLVE_FAILURES}),
    Role.BOOKKEEPER: frozenset({Permission.VIEW, Permission.RESOLVE_FAILURES, Permission.READ_AUDIT}),
    Role.VIEWER: frozenset({Permission.VIEW}),
}
