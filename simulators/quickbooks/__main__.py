"""``python -m simulators.quickbooks``: the twin as a process of its own."""

import sys

from simulators import process
from simulators.quickbooks.modes import CURRENCIES, MODES
from simulators.quickbooks.server import QuickBooksTwin, serve
from simulators.quickbooks.webhooks import check_subscription


def announcement(twin: QuickBooksTwin) -> dict[str, str]:
    """What opens the twin: address, realm, app, and a pair of tokens for trying things out."""
    tokens = twin.tokens()
    return {
        "url": twin.url, "realm": twin.realm, "client_id": twin.client_id, "client_secret": twin.client_secret,
        "access_token": tokens["access_token"], "refresh_token": tokens["refresh_token"],
    }  # fmt: skip


def main() -> int:
    """Serve a company until SIGINT or SIGTERM."""
    parser = process.parser("python -m simulators.quickbooks", __doc__)
    parser.add_argument("--company", choices=list(MODES), default="us-ast", help="where the company is")
    parser.add_argument("--currency", choices=list(CURRENCIES), default="", help="home currency, if not the country's")
    parser.add_argument("--multicurrency", action="store_true", help="allow foreign currencies")
    parser.add_argument("--custom-numbers", action="store_true", help="QuickBooks gives no document numbers")
    parser.add_argument("--webhooks-to", default="", metavar="URL", help="tell this address of all changes")
    parser.add_argument("--verifier", default="", metavar="TOKEN", help="what webhooks are signed with")
    options = parser.parse_args()
    try:
        check_subscription(options.webhooks_to, options.verifier)
    except ValueError as error:
        parser.error(str(error))

    def announce(twin: QuickBooksTwin) -> None:
        process.announce("QuickBooks twin", announcement(twin), as_json=options.json)

    return process.served(
        lambda: serve(
            company=options.company, ready=announce, host=options.host, port=options.port,
            latency=options.latency_ms / 1000, currency=options.currency, multicurrency=options.multicurrency,
            custom_numbers=options.custom_numbers, webhooks_to=options.webhooks_to, verifier=options.verifier,
        ),
        options,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
