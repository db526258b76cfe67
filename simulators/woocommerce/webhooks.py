"""The shop's webhooks: who wants to know what, and what waits to be told."""

from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from simulators import courier
from simulators.clock import Clock
from simulators.posting import Letter, Reply
from simulators.woocommerce import dates, deliveries, php
from simulators.woocommerce.representing import shown_alone
from simulators.woocommerce.shop import Shop
from simulators.woocommerce.switches import Switches

Status = Literal["active", "paused", "disabled"]
# class-wc-webhook.php get_default_topic_hooks, less what came after 10.9.
TOPICS = {
    "coupon.created": ("woocommerce_process_shop_coupon_meta", "woocommerce_new_coupon"),
    "coupon.updated": ("woocommerce_process_shop_coupon_meta", "woocommerce_update_coupon"),
    "coupon.deleted": ("wp_trash_post",),
    "coupon.restored": ("untrashed_post",),
    "customer.created": ("user_register", "woocommerce_created_customer", "woocommerce_new_customer"),
    "customer.updated": ("profile_update", "woocommerce_update_customer"),
    "customer.deleted": ("delete_user",),
    "order.created": ("woocommerce_new_order",),
    "order.updated": ("woocommerce_update_order", "woocommerce_order_refunded"),
    "order.deleted": ("wp_trash_post", "woocommerce_trash_order"),
    "order.restored": ("untrashed_post", "woocommerce_untrash_order"),
    "product.created": (
        "woocommerce_process_product_meta", "woocommerce_new_product", "woocommerce_new_product_variation",
    ),
    "product.updated": (
        "woocommerce_process_product_meta", "woocommerce_update_product", "woocommerce_update_product_variation",
    ),
    "product.deleted": ("wp_trash_post",),
    "product.restored": ("untrashed_post",),
    "product.published": ("woocommerce_product_published",),
}  # fmt: skip
"""The topics with the actions behind them, which the API shows."""
# One more than this many failures in a row is forgiven, the next one is not (observed: the 7th disables).
_FORGIVEN = 5


class Hook(msgspec.Struct):
    """A webhook; ``failures`` in a row, ``pinged``: its address once answered a ping with 200."""

    id: int
    name: str
    topic: str
    url: str
    secret: str
    home: str
    created: datetime
    modified: datetime | None = None
    status: Status = "active"
    failures: int = 0
    pinged: bool = False

    def __repr__(self) -> str:
        return f"Hook(id={self.id}, topic={self.topic!r}, status={self.status!r})"


class Job(courier.Job, kw_only=True):
    """Tell a webhook of an object; without a number it is a ping."""

    hook: int
    number: int | None = None
    due: datetime


class Webhooks:
    """The webhooks of a shop and their queue; not safe for threads: the caller holds the site's lock."""

    def __init__(self, shop: Shop, clock: Clock, switches: Switches) -> None:
        self._shop = shop
        self._clock = clock
        self._switches = switches
        self._hooks: dict[int, Hook] = {}
        self._queue: dict[tuple[int, int], Job] = {}

    def find(self, number: int) -> Hook | None:
        """A webhook, or None."""
        return self._hooks.get(number)

    def add(self, name: str, topic: str, url: str, secret: str, home: str) -> Hook:
        """A new webhook, always active (class-wc-rest-webhooks-v1-controller.php passes the status over)."""
        hook = Hook(self._shop.next_id("webhooks"), name, topic, url, secret, home, self._clock.now())
        self._hooks[hook.id] = hook
        self._show(hook)
        return hook

    def save(self, hook: Hook) -> None:
        """Store a changed webhook; whatever is changed, its date_modified moves."""
        hook.modified = self._clock.now()
        self._show(hook)

    def remove(self, hook: Hook) -> None:
        """Forget a webhook; what waits for it is never sent."""
        del self._hooks[hook.id]
        self._shop.drop("webhooks", hook.id)

    def ping(self, hook: Hook) -> Job:
        """The job of pinging a webhook now."""
        return Job(hook=hook.id, due=self._clock.moment())

    def queue(self, topic: str, number: int) -> bool:
        """Let what happened wait for all active webhooks of the topic; whether there is any.

        What waits already for the same webhook and object is not queued again (wc-webhook-functions.php
        wc_webhook_execute_queue).
        """
        due = self._clock.moment() + timedelta(seconds=self._switches.webhooks_delay_seconds)
        hooks = [hook.id for hook in self._hooks.values() if hook.topic == topic and hook.status == "active"]
        for hook in hooks:
            self._queue.setdefault((hook, number), Job(hook=hook, number=number, due=due))
        return bool(hooks)

    def take(self, now: datetime) -> list[Job]:
        """What is due; a webhook that was paused meanwhile is told all the same (class-wc-webhook.php deliver)."""
        due = {key: job for key, job in self._queue.items() if job.due <= now}
        self._queue = {key: job for key, job in self._queue.items() if key not in due}
        return list(due.values())

    def letter(self, job: Job) -> Letter | None:
        """The request, its body as the object is at this moment; None when the webhook is gone."""
        hook = self.find(job.hook)
        if hook is None:
            return None
        if job.number is None:
            return deliveries.ping(hook.id, hook.url, self._switches)
        resource, _, event = hook.topic.partition(".")
        if event == "deleted":
            body = php.encode({"id": job.number})
        else:
            body = shown_alone(self._shop, self._switches, f"{resource}s", job.number)
        about = f"{hook.topic} {job.number}"
        headers = deliveries.headers(hook.id, hook.topic, hook.home, hook.secret, body, self._clock.now())
        return deliveries.delivery(about, hook.url, headers, body, self._switches)

    def settle(self, job: Job, reply: Reply) -> Job | None:
        """Count failures; nothing is ever tried again. A webhook without a good ping is pinged at every save."""
        hook = self.find(job.hook)
        if hook is None:
            return None
        if job.number is None:
            if reply.status == 200:
                hook.pinged = True
                self.save(hook)
            return None
        # Redirects are not followed and count as success up to 302 (observed).
        if 200 <= reply.status < 303:
            hook.failures = 0
        elif hook.failures > _FORGIVEN:
            hook.status = "disabled"
        else:
            hook.failures += 1
        self.save(hook)
        return None if hook.pinged or hook.status != "active" else self.ping(hook)

    def waiting(self) -> list[dict[str, Any]]:
        """What waits, in order."""
        return [
            {"about": f"{hook.topic} {job.number}", "webhook": hook.id, "due": job.due.isoformat()}
            for job in self._queue.values()
            if (hook := self.find(job.hook))
        ]

    def _show(self, hook: Hook) -> None:
        """Keep what the API shows of a webhook among the shop's objects: without its secret."""
        resource, _, event = hook.topic.partition(".")
        zone = self._shop.zone
        created, created_gmt = dates.pair(hook.created, zone)
        modified, modified_gmt = dates.pair(hook.modified, zone) if hook.modified else (None, None)
        hooks = [event] if resource == "action" else list(TOPICS.get(hook.topic, ()))
        root = f"{hook.home}/wp-json/wc/v3/webhooks"
        allow = {"allow": ["GET", "POST", "PUT", "PATCH", "DELETE"]}
        body = {
            "id": hook.id, "name": hook.name, "status": hook.status, "topic": hook.topic, "resource": resource,
            "event": event, "hooks": hooks, "delivery_url": hook.url, "date_created": created,
            "date_created_gmt": created_gmt, "date_modified": modified, "date_modified_gmt": modified_gmt,
            "_links": {
                "self": [{"href": f"{root}/{hook.id}", "targetHints": allow}], "collection": [{"href": root}],
            },
        }  # fmt: skip
        self._shop.put("webhooks", php.encode(body))
