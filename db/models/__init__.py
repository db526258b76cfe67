"""The tables in which we remember; ``metadata`` knows them all."""

from db.models import access, books, links, progress, runs, skips, tenants
from db.models.schema import metadata

__all__ = ["access", "books", "links", "metadata", "progress", "runs", "skips", "tenants"]
