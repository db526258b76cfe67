"""Who may call what: one row per endpoint, written by hand, so that nothing is open by mistake."""

from __future__ import annotations

from domain.access import Permission

PUBLIC = None
"""Anybody may call it."""

TABLE: dict[tuple[str, str], Permission | None] = {
    # people's sessions
    ("POST", "/api/session"): PUBLIC,
    ("GET", "/api/session"): Permission.VIEW,
    ("DELETE", "/api/session"): Permission.VIEW,
    ("POST", "/api/session/tenant"): Permission.VIEW,
    ("POST", "/api/session/password"): Permission.VIEW,
    # access
    ("GET", "/api/users"): Permission.MANAGE_ACCESS,
    ("POST", "/api/users"): Permission.MANAGE_ACCESS,
    ("GET", "/api/users/{user_id}"): Permission.MANAGE_ACCESS,
    ("DELETE", "/api/users/{user_id}"): Permission.MANAGE_ACCESS,
    ("PUT", "/api/users/{user_id}/role"): Permission.MANAGE_ACCESS,
    ("PUT", "/api/users/{user_id}/password"): Permission.MANAGE_ACCESS,
    ("POST", "/api/users/{user_id}/disable"): Permission.MANAGE_ACCESS,
    ("POST", "/api/users/{user_id}/enable"): Permission.MANAGE_ACCESS,
    ("GET", "/api/tokens"): Permission.MANAGE_ACCESS,
    ("POST", "/api/tokens"): Permission.MANAGE_ACCESS,
    ("GET", "/api/tokens/{token_id}"): Permission.MANAGE_ACCESS,
    ("DELETE", "/api/tokens/{token_id}"): Permission.MANAGE_ACCESS,
    ("GET", "/api/tenants"): Permission.MANAGE_INSTALLATION,
    ("POST", "/api/tenants"): Permission.MANAGE_INSTALLATION,
    ("POST", "/api/tenants/{tenant}/tokens"): Permission.MANAGE_INSTALLATION,
    ("POST", "/api/tenants/{tenant}/users"): Permission.MANAGE_INSTALLATION,
    ("GET", "/api/audit"): Permission.READ_AUDIT,
    ("GET", "/api/audit/export"): Permission.READ_AUDIT,
    # connections
    ("GET", "/api/integrations"): Permission.VIEW,
    ("GET", "/api/integrations/connections"): Permission.VIEW,
    ("GET", "/api/integrations/status"): Permission.VIEW,
    ("GET", "/api/integrations/health"): Permission.VIEW,
    ("POST", "/api/integrations/woocommerce"): Permission.MANAGE_SETTINGS,
    ("POST", "/api/integrations/supabase"): Permission.MANAGE_SETTINGS,
    ("POST", "/api/integrations/quickbooks"): Permission.MANAGE_SETTINGS,
    ("POST", "/api/integrations/quickbooks/authorize"): Permission.MANAGE_SETTINGS,
    ("GET", "/api/integrations/quickbooks/callback"): PUBLIC,
    ("POST", "/api/integrations/reencrypt"): Permission.MANAGE_SETTINGS,
    ("GET", "/api/integrations/{name}"): Permission.VIEW,
    ("DELETE", "/api/integrations/{name}"): Permission.MANAGE_SETTINGS,
    ("GET", "/api/integrations/{name}/status"): Permission.VIEW,
    ("GET", "/api/integrations/{name}/health"): Permission.VIEW,
    ("POST", "/api/integrations/{name}/test"): Permission.RUN_SYNC,
    ("POST", "/api/integrations/{name}/enable"): Permission.MANAGE_SETTINGS,
    ("POST", "/api/integrations/{name}/disable"): Permission.MANAGE_SETTINGS,
    ("PUT", "/api/integrations/{name}/credentials"): Permission.MANAGE_SETTINGS,
    ("GET", "/api/integrations/{name}/posting"): Permission.VIEW,
    ("PUT", "/api/integrations/{name}/posting"): Permission.MANAGE_SETTINGS,
    ("POST", "/api/integrations/{name}/posting/suggest"): Permission.MANAGE_SETTINGS,
    # webhooks: those who deliver prove themselves by signature
    ("POST", "/api/webhooks/woocommerce/{public_id}"): PUBLIC,
    ("POST", "/api/webhooks/quickbooks"): PUBLIC,
    ("GET", "/api/webhooks"): Permission.VIEW,
    ("PUT", "/api/webhooks"): Permission.MANAGE_SETTINGS,
    ("GET", "/api/webhooks/{connection}"): Permission.VIEW,
    ("DELETE", "/api/webhooks/{connection}"): Permission.MANAGE_SETTINGS,
    ("GET", "/api/webhooks/{connection}/arrivals"): Permission.VIEW,
    ("GET", "/api/webhooks/{connection}/statistics"): Permission.VIEW,
    ("POST", "/api/webhooks/{connection}/register"): Permission.MANAGE_SETTINGS,
    ("POST", "/api/webhooks/{connection}/check"): Permission.RUN_SYNC,
    ("POST", "/api/webhooks/{connection}/rotate"): Permission.MANAGE_SETTINGS,
    ("PUT", "/api/webhooks/{connection}/verifier"): Permission.MANAGE_SETTINGS,
    # notifications
    ("GET", "/api/notifications/configs"): Permission.MANAGE_SETTINGS,
    ("POST", "/api/notifications/configs"): Permission.MANAGE_SETTINGS,
    ("GET", "/api/notifications/configs/{config_id}"): Permission.MANAGE_SETTINGS,
    ("PUT", "/api/notifications/configs/{config_id}"): Permission.MANAGE_SETTINGS,
    ("DELETE", "/api/notifications/configs/{config_id}"): Permission.MANAGE_SETTINGS,
    ("POST", "/api/notifications/configs/{config_id}/test"): Permission.MANAGE_SETTINGS,
    ("POST", "/api/notifications/test"): Permission.MANAGE_SETTINGS,
    ("GET", "/api/notifications/history"): Permission.MANAGE_SETTINGS,
    ("GET", "/api/notifications/history/export"): Permission.MANAGE_SETTINGS,
    ("GET", "/api/notifications/incidents"): Permission.MANAGE_SETTINGS,
    ("GET", "/api/notifications/incidents/{incident_id}"): Permission.MANAGE_SETTINGS,
    ("POST", "/api/notifications/incidents/{incident_id}/acknowledge"): Permission.MANAGE_SETTINGS,
    ("POST", "/api/notifications/incidents/{incident_id}/silence"): Permission.MANAGE_SETTINGS,
    # sync
    ("GET", "/api/sync/plans/{plan_id}"): Permission.VIEW,
    ("GET", "/api/sync/plans/{plan_id}/writes"): Permission.VIEW,
    ("GET", "/api/sync/failures"): Permission.VIEW,
    ("POST", "/api/sync/failures/retry"): Permission.RESOLVE_FAILURES,
    ("POST", "/api/sync/failures/ignore"): Permission.RESOLVE_FAILURES,
    ("GET", "/api/sync/failures/{failure_id}"): Permission.VIEW,
    ("POST", "/api/sync/failures/{failure_id}/retry"): Permission.RESOLVE_FAILURES,
    ("POST", "/api/sync/failures/{failure_id}/ignore"): Permission.RESOLVE_FAILURES,
    ("POST", "/api/sync/failures/{failure_id}/reopen"): Permission.RESOLVE_FAILURES,
    ("GET", "/api/sync/schedules"): Permission.VIEW,
    ("POST", "/api/sync/schedules"): Permission.MANAGE_SETTINGS,
    ("GET", "/api/sync/schedules/{schedule}"): Permission.VIEW,
    ("PUT", "/api/sync/schedules/{schedule}"): Permission.MANAGE_SETTINGS,
    ("DELETE", "/api/sync/schedules/{schedule}"): Permission.MANAGE_SETTINGS,
    ("GET", "/api/sync/sandbox"): Permission.VIEW,
    ("POST", "/api/sync/sandbox"): Permission.MANAGE_SETTINGS,
    ("POST", "/api/sync/dry-run"): Permission.RUN_SYNC,
    # Whether they may confirm this very run, the token itself tells.
    ("POST", "/api/sync/confirm/{token}"): Permission.RESOLVE_FAILURES,
    ("GET", "/api/sync/status"): Permission.VIEW,
    ("GET", "/api/sync/status/{run_id}"): Permission.VIEW,
    ("POST", "/api/sync/status/{run_id}/cancel"): Permission.RUN_SYNC,
    ("GET", "/api/sync/limits"): Permission.VIEW,
    ("PUT", "/api/sync/limits"): Permission.MANAGE_SETTINGS,
    ("POST", "/api/sync/{kind}"): Permission.RUN_SYNC,
    # history
    ("GET", "/api/sync/history"): Permission.VIEW,
    ("GET", "/api/sync/history/export"): Permission.VIEW,
    ("GET", "/api/sync/history/records/{connection}/{kind}/{record_id}"): Permission.VIEW,
    ("GET", "/api/sync/metrics"): Permission.VIEW,
    # health
    ("GET", "/metrics"): Permission.MANAGE_INSTALLATION,
    ("GET", "/healthz"): PUBLIC,
    ("GET", "/readyz"): PUBLIC,
}

PEOPLE_ONLY = frozenset(
    {
        ("GET", "/api/session"),
        ("DELETE", "/api/session"),
        ("POST", "/api/session/tenant"),
        ("POST", "/api/session/password"),
    }
)
"""A token has no session: these refuse every token, whatever its role."""
