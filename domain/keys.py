"""How a record is named: connection, kind and the id its own system gave it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints


class System(StrEnum):
    """A system that a connection can lead to."""

    WOOCOMMERCE = "woocommerce"
    SUPABASE = "supabase"
    QUICKBOOKS = "quickbooks"


class Kind(StrEnum):
    """What a record is, in the words of the hub."""

    TAX_RATE = "tax_rate"
    PRODUCT = "product"
    VARIATION = "variation"
    CUSTOMER = "customer"
    ORDER = "order"
    REFUND = "refund"
    ITEM = "item"
    INVOICE = "invoice"
    SALES_RECEIPT = "sales_receipt"
    PAYMENT = "payment"
    REFUND_RECEIPT = "refund_receipt"
    CREDIT_MEMO = "credit_memo"


ConnectionName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""Name of one shop, company or database of a tenant: lower case letters, digits and dashes."""

TenantName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""Name of a tenant: lower case letters, digits and dashes."""


UNNAMED = "unknown-"
"""How the id begins that stands for a record whose own id cannot be read."""


class RecordKey(BaseModel):
    """Names one record for ever: ``berlin-shop:order:794``.

    The connection is part of it, not the system: a tenant may own several shops whose ids overlap.
    """

    model_config = ConfigDict(frozen=True)

    connection: ConnectionName
    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.connection}:{self.kind}:{self.id}"
