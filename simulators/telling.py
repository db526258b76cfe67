"""A twin that tells others what happens: its site, and how its webhooks are steered from outside."""

from typing import Any, TypeVar

from simulators import site
from simulators.control import Command, Sent
from simulators.courier import Courier, Outbox
from simulators.switches import DeliverySwitches

S = TypeVar("S", bound=DeliverySwitches)


class TellingSite(site.Site[S]):
    """A site with a courier; whoever inherits gives it an outbox by :meth:`tell_from`."""

    courier: Courier[Any]

    def tell_from(self, outbox: Outbox[Any]) -> None:
        """Let a courier send what the outbox holds."""
        self.courier = Courier(outbox, self.lock, self.clock, self.switches)

    def switch(self, changes: dict[str, Any]) -> Any:
        """Change switches by name, in place; all of them as plain values. Raises ValueError for what does not fit."""
        changed = super().switch(changes)
        self.courier.wake()
        return changed

    def close(self) -> None:
        """Let the courier end."""
        self.courier.close()


def _flush(site: TellingSite[Any], sent: Sent) -> Any:
    """Send the webhooks that are due; what was sent, with the receivers' answers."""
    del sent
    return {"deliveries": site.courier.flush()}


def _webhooks(site: TellingSite[Any], sent: Sent) -> Any:
    """The webhooks that wait, and those that were sent."""
    del sent
    return {"waiting": site.courier.waiting(), "deliveries": site.courier.deliveries()}


def _reset_webhooks(site: TellingSite[Any], sent: Sent) -> Any:
    """Forget the webhooks that were sent."""
    del sent
    site.courier.reset()
    return {"deliveries": []}


COMMANDS: dict[tuple[str, str], Command[Any]] = {
    ("GET", "webhooks"): _webhooks,
    ("DELETE", "webhooks"): _reset_webhooks,
}
APART: dict[tuple[str, str], Command[Any]] = {("POST", "webhooks/flush"): _flush}
"""A flush waits for receivers, who may call the twin meanwhile: it must not hold the lock."""
