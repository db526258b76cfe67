"""What the control API can do to a shop, beside what every twin allows."""

from typing import Any

from simulators.control import Command, Controls, Sent
from simulators.telling import APART, COMMANDS
from simulators.woocommerce.checksum import checksum
from simulators.woocommerce.recorded import recording_names
from simulators.woocommerce.site import Site


def _refund(site: Site, sent: Sent) -> Any:
    return site.world.refund(sent["id"], sent.get("amount"), sent.get("reason", ""), sent.get("lines"))


# Each action with the names it cannot do without.
_ACTIONS: dict[str, tuple[tuple[str, ...], Command[Site]]] = {
    "edit": (
        ("kind", "id"),
        lambda site, sent: site.world.edit(sent["kind"], sent["id"], sent.get("fields"), touch=sent.get("touch")),
    ),
    "insert": (
        ("kind",),
        lambda site, sent: site.world.insert(sent["kind"], sent.get("fields"), like=sent.get("like")),
    ),
    "refund": (("id",), _refund),
    "delete_refund": (("id",), lambda site, sent: site.world.delete_refund(sent["id"])),
    "trash": (("kind", "id"), lambda site, sent: site.world.trash(sent["kind"], sent["id"])),
    "restore": (("kind", "id"), lambda site, sent: site.world.restore(sent["kind"], sent["id"])),
    "delete": (("kind", "id"), lambda site, sent: site.world.delete(sent["kind"], sent["id"])),
    "advance": ((), lambda site, sent: site.clock.advance(**sent).isoformat()),
}


def _checksum(site: Site, sent: Sent) -> Any:
    """Per kind: count, sum of ids, totals per currency and status."""
    del sent
    return checksum(site.shop)


CONTROLS = Controls(_ACTIONS, {**COMMANDS, ("GET", "checksum"): _checksum}, recording_names, APART)
