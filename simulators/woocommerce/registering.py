"""What POST, PUT and DELETE do to webhooks (class-wc-rest-webhooks-v1-controller.php)."""

import secrets
import string
from typing import Any
from urllib.parse import urlsplit

from simulators.http import Answer
from simulators.woocommerce.auth import check_right
from simulators.woocommerce.errors import ApiError, invalid_id, invalid_params
from simulators.woocommerce.site import Call, Site
from simulators.woocommerce.webhooks import TOPICS, Hook
from simulators.woocommerce.writing import body_of

_STATUSES = ("active", "paused", "disabled")
_REQUIRED = ("topic", "delivery_url")
_TEXTS = ("name", "status", "secret")
# WordPress wp_generate_password with special and extra special characters.
_PASSWORD = string.ascii_letters + string.digits + "!@#$%^&*()-_ []{}<>~`+=,.;:/?|"


def create(site: Site, call: Call) -> Answer:
    """A new webhook: 201, after its address got a ping, whatever that answered. ``status`` is checked and ignored."""
    sent = _checked(call)
    missing = [name for name in _REQUIRED if name not in sent]
    if missing:
        text = f"Missing parameter(s): {', '.join(missing)}"
        raise ApiError(400, "rest_missing_callback_param", text, {"status": 400, "params": missing})
    check_right(call.key, "create")
    if sent.get("id"):
        raise ApiError(400, "woocommerce_rest_shop_webhook_exists", "Cannot create existing shop_webhook.")
    _check_topic(sent["topic"], "Webhook topic is required and must be valid.")
    _check_url(sent["delivery_url"])
    name = sent.get("name") or f"Webhook created on {site.clock.now():%b %d, %Y @ %I:%M %p}"
    secret = sent.get("secret") or "".join(secrets.choice(_PASSWORD) for _ in range(50))
    hook = site.webhooks.add(name, _stored(sent["topic"]), sent["delivery_url"], secret, site.home)
    _ping(site, hook)
    location = f"{call.request.base}{call.request.path.rstrip('/')}/{hook.id}"
    return Answer(201, _shown(site, hook), [("Location", location)])


def update(site: Site, call: Call) -> Answer:
    """Change a webhook. It is pinged when its address changes, when it becomes active, or if it never was with success.

    The sources ping for an address only; observed: "setting it active sends a ping again".
    """
    sent = _checked(call)
    check_right(call.key, "edit")
    hook = site.webhooks.find(call.numbers[0])
    if hook is None:
        raise invalid_id(call.kind, 400)
    if sent.get("topic"):
        _check_topic(sent["topic"], "Webhook topic must be valid.")
    if sent.get("delivery_url"):
        _check_url(sent["delivery_url"])
    before = (hook.url, hook.status)
    hook.topic = _stored(sent["topic"]) if sent.get("topic") else hook.topic
    hook.url = sent.get("delivery_url") or hook.url
    hook.secret = sent.get("secret") or hook.secret
    hook.status = sent.get("status") or hook.status
    hook.name = sent.get("name") or hook.name
    site.webhooks.save(hook)
    if hook.status == "active" and (before != (hook.url, hook.status) or not hook.pinged):
        _ping(site, hook)
    return Answer(200, _shown(site, hook), [])


def delete(site: Site, call: Call) -> Answer:
    """Forget a webhook for good; there is no trash for it, which is told before whether it exists."""
    check_right(call.key, "delete")
    if str(call.request.params.get("force", "")).lower() not in ("true", "1"):
        raise ApiError(501, "woocommerce_rest_trash_not_supported", "Webhooks do not support trashing.")
    hook = site.webhooks.find(call.numbers[0])
    if hook is None:
        raise invalid_id(call.kind, 404)
    body = _shown(site, hook)
    site.webhooks.remove(hook)
    return Answer(200, body, [])


def _ping(site: Site, hook: Hook) -> None:
    """Within the request, but without the lock: the receiver may ask back."""
    site.errands.append(lambda: site.courier.deliver(site.webhooks.ping(hook)))


def _shown(site: Site, hook: Hook) -> bytes:
    return site.shop.kinds["webhooks"][hook.id].body


def _checked(call: Call) -> dict[str, Any]:
    """The body; raises ApiError 400 that names members of the wrong type and an unknown status."""
    sent = body_of(call.request)
    problems: dict[str, tuple[str, str, Any]] = {
        name: ("rest_invalid_type", f"{name} is not of type string.", {"param": name})
        for name in _TEXTS
        if name in sent and not isinstance(sent[name], str)
    }
    if "status" in sent and "status" not in problems and sent["status"] not in _STATUSES:
        problems["status"] = ("rest_not_in_enum", "status is not one of active, paused, and disabled.", None)
    if problems:
        raise invalid_params(problems)
    return sent


def _check_topic(topic: object, sentence: str) -> None:
    if not (isinstance(topic, str) and _is_topic(topic.lower())):
        raise ApiError(400, "woocommerce_rest_shop_webhook_invalid_topic", sentence)


def _is_topic(topic: str) -> bool:
    return topic in TOPICS or topic.startswith(("action.woocommerce_", "action.wc_"))


def _stored(topic: str) -> str:
    """Checked in small letters but kept as sent, and then not known any more (class-wc-webhook.php set_topic)."""
    return topic if _is_topic(topic) else ""


def _check_url(url: object) -> None:
    """Raises ApiError 400 for what wc_is_valid_url does not take. Private addresses are fine here, unlike there."""
    if isinstance(url, str) and url.isascii() and url.startswith(("http://", "https://")) and " " not in url:
        try:
            where = urlsplit(url)
            usable = bool(where.hostname) and where.port != 0
        except ValueError:
            usable = False
        if usable:
            return
    text = "Webhook delivery URL must be a valid URL starting with http:// or https://."
    raise ApiError(400, "woocommerce_rest_shop_webhook_invalid_delivery_url", text)
