"""What a connector may remember while credentials are tried in place of those in use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.engine import Engine

from db.connection_memory import ConnectionMemory, HeldCredentials
from db.vault import Vault
from domain.keys import ConnectionName, TenantName

APP_SECRET = "client_secret"  # noqa: S105 - the name of one


class TrialMemory(ConnectionMemory):
    """The memory of a connection on trial: what is tried is known here only, whatever is in use goes on.

    With ``shares_tokens`` the tokens in use are tried, with another secret of the app: whoever renews them ends those
    before, so the connection in use gets the renewed ones at once, with its own secret.
    """

    def __init__(
        self,
        engine: Engine,
        tenant: TenantName,
        connection: ConnectionName,
        vault: Vault,
        tried: Mapping[str, str],
        *,
        shares_tokens: bool,
    ) -> None:
        super().__init__(engine, tenant, connection, vault)
        self.tried = dict(tried)
        self.shares_tokens = shares_tokens

    def credentials(self) -> dict[str, str]:
        """Give the secrets that are tried."""
        return dict(self.tried)

    @contextmanager
    def held_credentials(self) -> Iterator[HeldCredentials]:
        """Hold the credentials that are tried, and those in use with them if they have their tokens in common."""
        if not self.shares_tokens:
            yield _TriedCredentials(self, None)
            return
        with super().held_credentials() as in_use:
            yield _TriedCredentials(self, in_use)


class _TriedCredentials:
    # What is refused was only a trial.
    needs_reconnect = False

    def __init__(self, trial: TrialMemory, in_use: HeldCredentials | None) -> None:
        self._trial = trial
        self._in_use = in_use
        self.secrets: Mapping[str, str] = trial.tried
        if in_use is not None:
            # Without an access token, so that the tokens are renewed: only that proves the secret of the app.
            self.secrets = {**in_use.secrets, APP_SECRET: trial.tried[APP_SECRET], "access_token": ""}

    def replace(self, secrets: Mapping[str, str]) -> None:
        """Try these from now on."""
        self._trial.tried = dict(secrets)
        if self._in_use is not None:
            self._in_use.replace({**secrets, APP_SECRET: self._in_use.secrets[APP_SECRET]})

    def demand_reconnect(self) -> None:
        """Nothing: what is in use may work as well as before."""
