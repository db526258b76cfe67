"""What differs between shops: versions, storage, servers. Every switch names the fact behind it."""

from typing import Literal

from simulators.switches import DeliverySwitches

Storage = Literal["hpos", "legacy"]


class Switches(DeliverySwitches, forbid_unknown_fields=True):
    """How this shop differs from a WooCommerce 10.9 with order tables behind HTTPS; may be changed while it runs."""

    version: str = "10.9.0"
    """WooCommerce's version. ``/refunds`` exists since 9.0 and ``/variations`` since 10.3
    (class-wc-rest-refunds-controller.php, class-wc-rest-variations-controller.php)."""
    storage: Storage = "hpos"
    """Where orders live. Legacy storage moves ``date_modified`` only for a status, a note, a refund or the trash, and
    tells true totals past the last page (woocommerce-observed: what moves date_modified; paging)."""
    embeds_refunds: bool = True
    """False: ``refunds`` inside an order is always empty, as issue 65488 of woocommerce/woocommerce claims."""
    refunds_move_orders: bool = True
    """False: a refund leaves the order's ``date_modified`` alone (issue 1125 of woocommerce-paypal-payments)."""
    keeps_id: bool = True
    """True: ``_fields`` never drops ``id`` (class-wc-rest-controller.php get_fields_for_response). WordPress core
    (rest_filter_response_fields) may still drop it: False."""
    extra_statuses: tuple[str, ...] = ()
    """Order statuses that plugins registered; ``any`` shows them (api-facts 1.7)."""
    webhooks_answer_seconds: float = 60.0
    """How long a delivery may take (class-wc-webhook.php deliver)."""
    tls_terminated: bool = True
    """True: WordPress believes it is called over HTTPS. False: Basic and query keys are ignored
    (woocommerce-observed: errors)."""
    strips_authorization: bool = False
    """True: the server drops the Authorization header before PHP sees it (issue 14487 of woocommerce/woocommerce)."""

    def since(self, *version: int) -> bool:
        """Whether this WooCommerce is at least ``version``."""
        return tuple(int(part) for part in self.version.split(".")) >= version
