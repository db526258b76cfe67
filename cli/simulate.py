"""unisync simulate: local twins of the foreign systems, for demos, tests and trying things out."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.output import out, print_json
from domain.errors import Misconfigured
from simulators.woocommerce.generated import generated_shop
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin, serve

app = typer.Typer(no_args_is_help=True, help="Run a local twin of a foreign system.")


@app.callback()
def twins() -> None:
    """Run a local twin of a foreign system."""


@app.command()
def woocommerce(
    port: Annotated[int, typer.Option(help="Loopback port; any free one when left out.")] = 0,
    orders: Annotated[int | None, typer.Option(help="So many generated orders; else the recorded shop.")] = None,
    seed: Annotated[int, typer.Option(help="Which generated shop.")] = 1,
    latency_ms: Annotated[float, typer.Option(help="How long every answer is held back.")] = 0.0,
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

    try:
        serve(shop=shop, ready=tell, port=port, latency=latency_ms / 1000)
    except OSError as error:
        raise Misconfigured(f"port {port} cannot be used ({error.strerror}); choose another with --port") from None
