"""How one project differs from others."""

from simulators.switches import DeliverySwitches


class Switches(DeliverySwitches):
    """Settings of the project, and states that it may be in; changeable while it runs. It has no webhooks to send."""

    webhooks_live: bool = False
    schemas: tuple[str, ...] = ("public", "graphql_public", "commerce")
    """Settings, API, Exposed schemas; a new project has the first two."""
    max_rows: int = 1000
    """Settings, API, Max rows: every answer is cut there."""
    stale_cache: bool = False
    """True: the schema cache stays as it is, as before ``NOTIFY pgrst, 'reload schema'`` has arrived."""
    paused: bool = False
    """True: every request is answered with 540 (supabase.com/docs/guides/platform/http-status-codes)."""
    longest_address: int = 8192
    """Longer ones are answered with 414 by the gateway (github.com/supabase/storage/pull/152)."""
