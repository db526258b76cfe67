"""``python -m simulators.postgrest``: the twin as a process of its own."""

import sys

from simulators import process
from simulators.postgrest.server import PostgrestTwin, serve
from simulators.postgrest.site import NoDatabase
from simulators.postgrest.switches import Switches


def announcement(twin: PostgrestTwin) -> dict[str, str]:
    """What opens the twin: its address, and a key of each kind."""
    return {
        "url": twin.url, "service_key": twin.keys.secret, "legacy_service_key": twin.keys.service_role,
        "publishable_key": twin.keys.publishable,
    }  # fmt: skip


def main() -> int:
    """Serve a database until SIGINT or SIGTERM."""
    parser = process.parser("python -m simulators.postgrest", __doc__)
    parser.add_argument("--database-url", required=True, help="postgresql://... of a superuser")
    parser.add_argument("--schema", action="append", help="a schema that is exposed, may be repeated")
    options = parser.parse_args()
    switches = Switches(schemas=tuple(options.schema)) if options.schema else Switches()

    def announce(twin: PostgrestTwin) -> None:
        process.announce("PostgREST twin", announcement(twin), as_json=options.json)

    def run() -> None:
        latency = options.latency_ms / 1000
        serve(
            options.database_url, ready=announce, host=options.host, port=options.port, latency=latency,
            switches=switches,
        )  # fmt: skip

    try:
        return process.served(run, options)
    except NoDatabase as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
