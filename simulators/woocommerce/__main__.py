"""``python -m simulators.woocommerce``: the twin as a process of its own."""

import argparse
import json
import os
import sys

from simulators.woocommerce.generated import generated_shop
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import LOOPBACK, Twin, serve


def main() -> int:
    """Serve the recorded shop, or a generated one, until SIGINT or SIGTERM."""
    options = _options().parse_args()
    shop = generated_shop(options.orders, options.seed) if options.orders is not None else recorded_shop()

    def announce(twin: Twin) -> None:
        about = {"url": twin.url, "key": twin.key, "secret": twin.secret}
        plain = f"WooCommerce twin at {twin.url} key {twin.key} secret {twin.secret}"
        text = json.dumps(about) if options.json else plain
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    try:
        serve(shop=shop, ready=announce, host=options.host, port=options.port, latency=options.latency_ms / 1000)
    except OSError as error:
        sys.stderr.write(
            f"Cannot listen on {options.host}:{options.port}: {os.strerror(error.errno or 0)}. Choose another --port.\n"
        )
        return 2
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulators.woocommerce", description=__doc__)
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on (default: loopback only)")
    parser.add_argument("--port", type=int, default=0, help="port, 0 for any free one")
    parser.add_argument("--orders", type=int, help="generate that many orders instead of serving the recorded shop")
    parser.add_argument("--seed", type=int, default=1, help="seed of the generated shop")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="milliseconds that every answer waits")
    parser.add_argument("--json", action="store_true", help="announce url, key and secret as one JSON object")
    return parser


if __name__ == "__main__":
    sys.exit(main())
