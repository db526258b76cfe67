"""The tables in which we remember; ``metadata`` knows them all."""

from db.models import links, progress, runs, tenants
from db.models.schema import metadata

__all__ = ["links", "metadata", "progress", "runs", "tenants"]
