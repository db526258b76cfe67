"""Webhooks of a WooCommerce twin, registered as an app would."""

from __future__ import annotations

from typing import Any

import httpx

from tests.recorded_webhooks import SECRET

API = "/wp-json/wc/v3"
HOOKS = f"{API}/webhooks"
RESOURCES = {"order": ("created", "updated", "deleted", "restored"), "customer": ("created", "updated", "deleted")}
RESOURCES["product"] = (*RESOURCES["order"], "published")
ALL = [f"{resource}.{event}" for resource, events in RESOURCES.items() for event in events]
Body = dict[str, Any]


def register(client: httpx.Client, url: str, *topics: str, secret: str = SECRET) -> list[int]:
    """Active webhooks for some topics, with the ids they got."""
    made = []
    for topic in topics:
        answer = client.post(HOOKS, json={"topic": topic, "delivery_url": url, "secret": secret})
        assert answer.status_code == 201, answer.text
        made.append(int(answer.json()["id"]))
    return made
