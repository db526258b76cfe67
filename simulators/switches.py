"""The switches that every twin has: how it delivers its webhooks."""

from typing import Annotated

import msgspec

Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]


class DeliverySwitches(msgspec.Struct, forbid_unknown_fields=True):
    """When webhooks are sent, and which of them go astray; the same seed loses, doubles and moves the same ones."""

    webhooks_live: bool = True
    """True: sent by themselves as soon as they fall due. False: only when a flush is asked for."""
    webhooks_delay_seconds: float = 0.0
    """How long after its event a webhook falls due, by the twin's clock."""
    webhooks_lost: Percent = 0
    """So many of a hundred are never sent, and nobody notices."""
    webhooks_doubled: Percent = 0
    """So many of a hundred are sent twice."""
    webhooks_reordered: Percent = 0
    """So many of a hundred leave their place among those that are sent together."""
    webhooks_seed: int = 1
