"""unisync simulate: local twins of the foreign systems, for demos, tests and trying things out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated

import typer

from cli.output import out, print_json
from domain.errors import Misconfigured
from simulators.postgrest.__main__ import announcement as postgrest_announcement
from simulators.postgrest.server import PostgrestTwin
from simulators.postgrest.server import serve as serve_postgrest
from simulators.postgrest.site import NoDatabase
from simulators.postgrest.switches import Switches as PostgrestSwitches
from simulators.quickbooks.__main__ import announcement
from simulators.quickbooks.modes import CURRENCIES, MODES
from simulators.quickbooks.server import Options, QuickBooksTwin
from simulators.quickbooks.server import serve as serve_quickbooks
from simulators.quickbooks.webhooks import check_subscription
from simulators.woocommerce.generated import generated_shop
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin, serve

Port = Annotated[int, typer.Option(min=0, max=65535, help="Loopback port; any free one when left out.")]
Latency = Annotated[float, typer.Option(min=0, help="How long every answer is held back.")]

app = typer.Typer(no_args_is_help=True, help="Run a local twin of a foreign system.")


@app.callback()
def twins() -> None:
    """Run a local twin of a foreign system."""


@app.command()
def woocommerce(
    port: Port = 0,
    orders: Annotated[int | None, typer.Option(min=1, help="So many generated orders; else the recorded shop.")] = None,
    seed: Annotated[int, typer.Option(help="Which generated shop.")] = 1,
    latency_ms: Latency = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print address and keys as one JSON object.")] = False,
) -> None:
    """Run a twin of a WooCommerce 10.9 shop in Europe/Berlin until Ctrl-C; GET /_control/ tells how to steer it.

    Example: unisync simulate woocommerce --port 8088
    """
    shop = recorded_shop() if orders is None else generated_shop(orders, seed=seed)

    def tell(twin: Twin) -> None:
        if as_json:
            print_json({"url": twin.url, "key": twin.key, "secret": twin.secret})
        else:
            out.print(
                f"A WooCommerce twin listens at {twin.url}\nconsumer key    {twin.key}\nconsumer secret {twin.secret}"
            )

    with usable(port):
        serve(shop=shop, ready=tell, port=port, latency=latency_ms / 1000)


@app.command()
def quickbooks(
    port: Port = 0,
    company: Annotated[str, typer.Option(help=f"One of: {', '.join(MODES)}.")] = "us-ast",
    currency: Annotated[str, typer.Option(help="Home currency, if not the country's own.")] = "",
    multicurrency: Annotated[bool, typer.Option("--multicurrency", help="Allow foreign currencies.")] = False,
    custom_numbers: Annotated[bool, typer.Option("--custom-numbers", help="QuickBooks gives no numbers.")] = False,
    closed_until: Annotated[str, typer.Option(help="Last day of the closed books, such as 2026-06-30.")] = "",
    webhooks_to: Annotated[str, typer.Option(help="Address that is told of all changes by webhooks.")] = "",
    verifier: Annotated[str, typer.Option(help="Verifier token, which webhooks are signed with.")] = "",
    latency_ms: Latency = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print address and app as one JSON object.")] = False,
) -> None:
    """Run a twin of QuickBooks Online with one company until Ctrl-C; GET /_control/ tells how to steer it.

    Example: unisync simulate quickbooks --port 8089 --company eu
    """
    require_company(company, currency, closed_until)
    require_subscription(webhooks_to, verifier)

    def tell(twin: QuickBooksTwin) -> None:
        said = announcement(twin)
        if as_json:
            print_json(said)
        else:
            out.print(f"A QuickBooks twin listens at {said.pop('url')}", markup=False)
            for name, value in said.items():
                out.print(f"{name.replace('_', ' '):13} {value}", markup=False)

    options: Options = {
        "port": port, "currency": currency, "multicurrency": multicurrency, "custom_numbers": custom_numbers,
        "closed_until": closed_until, "latency": latency_ms / 1000, "webhooks_to": webhooks_to, "verifier": verifier,
    }  # fmt: skip
    with usable(port):
        serve_quickbooks(company=company, ready=tell, **options)


@app.command()
def postgrest(
    database_url: Annotated[
        str, typer.Option(help="Postgres URL of a superuser; the twin makes Supabase's roles there.")
    ],
    schema: Annotated[list[str] | None, typer.Option(help="A schema that is exposed; may be repeated.")] = None,
    port: Port = 0,
    latency_ms: Latency = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print address and keys as one JSON object.")] = False,
) -> None:
    """Run a twin of a Supabase project's REST API over a real database until Ctrl-C; GET /_control/ tells more.

    Example: unisync simulate postgrest --port 8090 --database-url postgresql://postgres@127.0.0.1/postgres
    """

    def tell(twin: PostgrestTwin) -> None:
        said = postgrest_announcement(twin)
        if as_json:
            print_json(said)
        else:
            out.print(f"A PostgREST twin listens at {said.pop('url')}", markup=False)
            for name, value in said.items():
                out.print(f"{name.replace('_', ' '):18} {value}", markup=False, soft_wrap=True)

    switches = PostgrestSwitches(schemas=tuple(schema)) if schema else PostgrestSwitches()
    try:
        with usable(port):
            serve_postgrest(database_url, ready=tell, port=port, latency=latency_ms / 1000, switches=switches)
    except NoDatabase as error:
        raise Misconfigured(str(error).removesuffix(".")) from None


def require_company(company: str, currency: str, closed_until: str) -> None:
    """Make sure that the twin can play this company.

    Raises:
        Misconfigured: it cannot, and what it can.
    """
    if company not in MODES:
        raise Misconfigured(f"there is no company {company!r}; choose one of: {', '.join(MODES)}")
    if currency and currency not in CURRENCIES:
        raise Misconfigured(f"the twin knows no currency {currency!r}; choose one of: {', '.join(CURRENCIES)}")
    if closed_until:
        try:
            date.fromisoformat(closed_until)
        except ValueError:
            raise Misconfigured(f"{closed_until!r} is no day; write it like 2026-06-30") from None


def require_subscription(webhooks_to: str, verifier: str) -> None:
    """Make sure that webhooks can be sent and signed.

    Raises:
        Misconfigured: they cannot, and what is missing.
    """
    try:
        check_subscription(webhooks_to, verifier)
    except ValueError as error:
        sentence = str(error).removesuffix(".")
        raise Misconfigured(f"{sentence[0].lower()}{sentence[1:]} (--webhooks-to, --verifier)") from None


@contextmanager
def usable(port: int) -> Iterator[None]:
    """Say in one sentence that a port is taken.

    Raises:
        Misconfigured: it is.
    """
    try:
        yield
    except OSError as error:
        raise Misconfigured(f"port {port} cannot be used ({error.strerror}); choose another with --port") from None
