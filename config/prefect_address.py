"""Where the Prefect server is that carries out what is asked for."""

from __future__ import annotations

import os

import httpx

from config.settings import settings


def api_url() -> str:
    """Give the API address of the Prefect server in use: PREFECT_API_URL, or ours on its port."""
    return (os.environ.get("PREFECT_API_URL") or f"http://127.0.0.1:{settings().prefect_port}/api").rstrip("/")


def shown_address() -> str:
    """Give the address as it may be shown: without name and password."""
    return str(httpx.URL(api_url()).copy_with(userinfo=b""))


def api_credentials() -> tuple[str, str] | None:
    """Give the name and password of a Prefect server that asks for them (PREFECT_API_AUTH_STRING, as ``name:word``)."""
    name, colon, word = os.environ.get("PREFECT_API_AUTH_STRING", "").partition(":")
    return (name, word) if colon else None
