"""unisync posting: a posting policy to begin with, for a bookkeeper to look at."""

from __future__ import annotations

from typing import Annotated, cast

import typer
import yaml

from cli.output import out
from config.wiring import load_endpoint, open_ledger, open_source, open_target
from domain.connector import Books
from domain.errors import Misconfigured
from domain.keys import Kind, System
from domain.records import TaxRate
from mapping.posting_policy import PostingPolicy
from mapping.suggestion import suggest_tax_codes, suggest_untaxed_code


def posting(
    source: Annotated[str, typer.Option(help="Connection to the shop.")] = "shop",
    target: Annotated[str, typer.Option(help="Connection to the books.")] = "books",
    tenant: Annotated[str, typer.Option(help="Whose.")] = "default",
) -> None:
    """Print a posting policy as YAML, with the shop's tax rates paired with the tax codes of the books.

    Save it, let the bookkeeper look at it, and give it to: unisync connect quickbooks --posting FILE

    Example: unisync posting > posting.yaml
    """
    policy = suggested_policy(tenant, source, target)
    out.out(
        yaml.safe_dump(policy.model_dump(mode="json"), allow_unicode=True, sort_keys=False), highlight=False, end=""
    )


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
            rates = [record.body for record in shop.read(Kind.TAX_RATE, since=None, at=None).records]
        with open_target(books) as opened:
            company = cast(Books, opened).company()
    return PostingPolicy.model_validate(
        {
            "tax_codes": suggest_tax_codes([rate for rate in rates if isinstance(rate, TaxRate)], company),
            "untaxed_tax_code": suggest_untaxed_code(company),
            **chosen,
        }
    )
