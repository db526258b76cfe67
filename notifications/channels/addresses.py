"""Addresses that notices are posted to, as people type them in."""

from __future__ import annotations

import ipaddress

import httpx


def checked_address(address: str) -> str:
    """Give an https address back, or a plain http one of this machine.

    Raises:
        ValueError: it is neither; the sentence never repeats it, because it may be a secret.
    """
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        raise ValueError("it is no URL; write it like https://alerts.example.org/path") from None
    if url.scheme not in ("https", "http") or not url.host:
        raise ValueError("it must begin with https:// and name a host, like https://alerts.example.org/path")
    if url.port is not None and not 0 < url.port < 65_536:
        raise ValueError("its port must be between 1 and 65535")
    if url.userinfo or url.fragment:
        raise ValueError("it must hold neither user and password, which have fields of their own, nor a #fragment")
    if url.scheme == "http" and not is_loopback(url.host):
        raise ValueError("plain http would show notices and secrets to anyone on the way; use https://")
    return address


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its very name."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
