"""The settings of an installation, read once from environment variables that begin with ``UNISYNC_``."""

from __future__ import annotations

import os
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.errors import Misconfigured, first_fault
from notifications.channels.addresses import checked_address

CHECKOUT = Path(__file__).resolve().parent.parent
"""The folder the product runs from: where ``prefect.yaml`` and ``flows`` are."""

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")

Listed = Annotated[tuple[str, ...], NoDecode]
"""Words separated by commas, as an operator writes several values into one variable."""


def default_home() -> Path:
    """Give the data folder: ``/var/lib/unisync`` for root, otherwise one below the user's home.

    Root's home is closed to everybody else, and the embedded Postgres, started by root, runs as a user of its own.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/unisync")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "unisync"


class Settings(BaseSettings):
    """What an operator may set; nothing here belongs to one tenant."""

    model_config = SettingsConfigDict(env_prefix="UNISYNC_", frozen=True)

    home: Path = default_home()
    database_url: SecretStr | None = None
    warehouse_url: SecretStr | None = None
    secret_key: SecretStr | None = None
    former_secret_keys: SecretStr | None = None
    allow_private_addresses: bool = False
    prefect_port: int = Field(default=4200, ge=1, le=65535)
    service_host: str = "127.0.0.1"
    service_port: int = Field(default=4280, ge=1, le=65535)
    service_hosts: Listed = ()
    public_url: str = ""
    trusted_proxies: Listed = ()
    watchdog_ping_url: SecretStr | None = None

    @property
    def service_url(self) -> str:
        """Where browsers and webhooks reach the service: the public URL or, without one, loopback; no final slash."""
        return self.public_url or f"http://127.0.0.1:{self.service_port}"

    @property
    def accepted_hosts(self) -> frozenset[str]:
        """The names under which the service may be called, without ports; ``*`` among them means any."""
        public = urlsplit(self.service_url).hostname or ""
        return frozenset({*LOOPBACK_HOSTS, public, *(host.lower() for host in self.service_hosts)})

    @property
    def former_keys(self) -> tuple[SecretStr, ...]:
        """The keys that credentials may still be sealed with."""
        given = self.former_secret_keys.get_secret_value() if self.former_secret_keys else ""
        return tuple(SecretStr(key.strip()) for key in given.split(",") if key.strip())

    @field_validator("home")
    @classmethod
    def _is_no_file(cls, home: Path) -> Path:
        found = next((place for place in (home, *home.parents) if os.path.lexists(place)), home)
        if found.exists() and not found.is_dir():
            raise ValueError(f"{found} is a file; name a folder")
        return home

    @field_validator("service_hosts", "trusted_proxies", mode="before")
    @classmethod
    def _at_commas(cls, given: object) -> object:
        return [word.strip() for word in given.split(",") if word.strip()] if isinstance(given, str) else given

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, url: str) -> str:
        return plain_origin(url.strip().rstrip("/")) if url.strip() else ""

    @field_validator("watchdog_ping_url")
    @classmethod
    def _can_be_called(cls, url: SecretStr | None) -> SecretStr | None:
        return SecretStr(checked_address(url.get_secret_value())) if url and url.get_secret_value() else None

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            try:
                ip_network(proxy)
            except ValueError:
                raise ValueError(f"{proxy!r} is neither an IP address nor a network such as 10.0.0.0/8") from None
        return proxies


def plain_origin(url: str) -> str:
    """Give the URL back when it is a plain origin that may be published: https, or http on loopback.

    Raises:
        ValueError: it is none; the sentence says why.
    """
    try:
        parts, port = urlsplit(url), urlsplit(url).port
    except ValueError:
        raise ValueError("it is no URL; write it like https://sync.example.org") from None
    if not parts.hostname or parts.username or port == 0 or f"{parts.scheme}://{parts.netloc}" != url:
        raise ValueError("give scheme, name and perhaps port, without a path; write it like https://sync.example.org")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS):
        raise ValueError("it must begin with https://; http:// is for this machine only")
    return url.lower()


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Read the settings, once per process.

    Raises:
        Misconfigured: one sentence naming the variable that cannot be used.
    """
    try:
        return Settings()
    except ValidationError as error:
        name, why = first_fault(error)
        raise Misconfigured(f"the environment variable UNISYNC_{name.upper()} cannot be used: {why}") from None
