"""``python -m simulators.woocommerce``: the twin as a process of its own."""

import sys

from simulators import process
from simulators.woocommerce.generated import generated_shop
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin, serve


def main() -> int:
    """Serve the recorded shop, or a generated one, until SIGINT or SIGTERM."""
    parser = process.parser("python -m simulators.woocommerce", __doc__)
    parser.add_argument("--orders", type=int, help="generate that many orders instead of serving the recorded shop")
    parser.add_argument("--seed", type=int, default=1, help="seed of the generated shop")
    options = parser.parse_args()
    shop = generated_shop(options.orders, options.seed) if options.orders is not None else recorded_shop()

    def announce(twin: Twin) -> None:
        about = {"url": twin.url, "key": twin.key, "secret": twin.secret}
        process.announce("WooCommerce twin", about, as_json=options.json)

    latency = options.latency_ms / 1000
    return process.served(
        lambda: serve(shop=shop, ready=announce, host=options.host, port=options.port, latency=latency), options
    )


if __name__ == "__main__":
    sys.exit(main())
