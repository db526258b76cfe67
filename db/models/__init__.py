"""The tables in which we remember; ``metadata`` knows them all."""

from db.models import (
    access,
    arrivals,
    books,
    history,
    idempotency,
    integrations,
    links,
    progress,
    runs,
    skips,
    steering,
    tenants,
    watch,
)
from db.models.schema import metadata

__all__ = [
    "access",
    "arrivals",
    "books",
    "history",
    "idempotency",
    "integrations",
    "links",
    "metadata",
    "progress",
    "runs",
    "skips",
    "steering",
    "tenants",
    "watch",
]
