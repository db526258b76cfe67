"""A posting policy to begin with, made out of what shop and books tell of themselves."""

from __future__ import annotations

from typing import cast

from config.wiring import load_endpoint, open_ledger, open_source, open_target
from domain.connector import Books, Reads
from domain.errors import Misconfigured
from domain.keys import Kind, System
from domain.records import TaxRate
from mapping.posting_policy import PostingPolicy
from mapping.suggestion import suggest_tax_codes, suggest_untaxed_code


def suggested_policy(tenant: str, source: str, target: str, **chosen: object) -> PostingPolicy:
    """Make a policy out of what shop and books tell; ``chosen`` are further choices.

    Raises:
        ConnectorError: shop or books do not answer.
        Misconfigured: the target is no set of books.
    """
    with open_ledger() as engine:
        books = load_endpoint(engine, tenant, target)
        if books.system is not System.QUICKBOOKS:
            raise Misconfigured(f"the connection {target} leads to {books.system}, which is no set of books")
        with open_source(load_endpoint(engine, tenant, source)) as shop:
            rates = all_tax_rates(shop)
        with open_target(books) as opened:
            company = cast(Books, opened).company()
    return PostingPolicy.model_validate(
        {
            "tax_codes": suggest_tax_codes(rates, company),
            "untaxed_tax_code": suggest_untaxed_code(company),
            **chosen,
        }
    )


def all_tax_rates(shop: Reads) -> list[TaxRate]:
    """Read the tax rates of a shop to the last page; raises as ``Reads.read`` does."""
    rates: list[TaxRate] = []
    at: str | None = None
    while True:
        page = shop.read(Kind.TAX_RATE, since=None, at=at)
        rates += [record.body for record in page.records if isinstance(record.body, TaxRate)]
        at = page.next
        if at is None:
            return rates
