"""The control API under /_control/: what a test or a demo does to the shop from outside.

Paths are listed by ``GET /_control/``. Bodies and answers are JSON; a mistake is answered with 400 and a sentence.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from simulators.woocommerce.checksum import checksum
from simulators.woocommerce.faults import Action
from simulators.woocommerce.http import Answer, Request
from simulators.woocommerce.recorded import recording_names
from simulators.woocommerce.site import Site

PREFIX = "/_control"
Sent = dict[str, Any]


def is_control(request: Request) -> bool:
    """Whether a request is meant for the control API."""
    return request.path == PREFIX or request.path.startswith(f"{PREFIX}/")


def answer(site: Site, request: Request) -> Answer:
    """Do what a control request asks for."""
    name = request.path.removeprefix(PREFIX).strip("/")
    command = _COMMANDS.get((request.method, name))
    if command is None:
        text = f"There is no {request.method} {PREFIX}/{name}; GET {PREFIX}/ lists what there is."
        return _json(404, {"error": text})
    try:
        sent = msgspec.json.decode(request.body) if request.body else {}
        with site.lock:
            return _json(200, command(site, sent))
    except (ValueError, TypeError, KeyError) as error:
        return _json(400, {"error": str(error.args[0]) if error.args else str(error)})


def perform(site: Site, action: Action) -> Any:
    """One world action, e.g. ``{"action": "edit", "kind": "orders", "id": 5, "fields": {...}}``."""
    given = dict(action)
    name = given.pop("action", None)
    if name not in _ACTIONS:
        raise ValueError(f"{name!r} is no action. Known: {', '.join(_ACTIONS)}.")
    needed, act = _ACTIONS[name]
    missing = [member for member in needed if member not in given]
    if missing:
        raise ValueError(f"The action {name!r} also needs {' and '.join(missing)}.")
    return act(site, given)


def _refund(site: Site, sent: Sent) -> Any:
    return site.world.refund(sent["id"], sent.get("amount"), sent.get("reason", ""), sent.get("lines"))


# Each action with the names it cannot do without.
_ACTIONS: dict[str, tuple[tuple[str, ...], Callable[[Site, Sent], Any]]] = {
    "edit": (
        ("kind", "id"),
        lambda site, sent: site.world.edit(sent["kind"], sent["id"], sent.get("fields"), touch=sent.get("touch")),
    ),
    "insert": (
        ("kind",),
        lambda site, sent: site.world.insert(sent["kind"], sent.get("fields"), like=sent.get("like")),
    ),
    "refund": (("id",), _refund),
    "delete_refund": (("id",), lambda site, sent: site.world.delete_refund(sent["id"])),
    "trash": (("kind", "id"), lambda site, sent: site.world.trash(sent["kind"], sent["id"])),
    "restore": (("kind", "id"), lambda site, sent: site.world.restore(sent["kind"], sent["id"])),
    "delete": (("kind", "id"), lambda site, sent: site.world.delete(sent["kind"], sent["id"])),
    "advance": ((), lambda site, sent: site.clock.advance(**sent).isoformat()),
}


def _help(site: Site, sent: Sent) -> Any:
    """What this API can do."""
    del site, sent
    return {f"{method} {PREFIX}/{name}": command.__doc__ for (method, name), command in _COMMANDS.items()} | {
        "actions": list(_ACTIONS),
        "recordings": list(recording_names()),
    }


def _world(site: Site, sent: Sent) -> Any:
    """One world action, or {"actions": [...]}: action, kind, id, fields, touch, like, amount, reason, lines."""
    actions = sent.get("actions", [sent])
    return {"done": [perform(site, action) for action in actions]}


def _add_fault(site: Site, sent: Sent) -> Any:
    """Queue a fault: path, agent (regex), method, nth, count; status, headers, body, recording, works, delay, cut."""
    site.faults.add(**sent)
    return {"pending": site.faults.pending()}


def _add_hook(site: Site, sent: Sent) -> Any:
    """After the nth matching request do {"perform": [actions]}: path (regex), method, nth, count."""
    site.faults.after(**sent)
    return {"pending": site.faults.pending()}


def _clear_faults(site: Site, sent: Sent) -> Any:
    """Forget all faults and hooks."""
    del sent
    site.faults.clear()
    return {"pending": 0}


def _log(site: Site, sent: Sent) -> Any:
    """The requests so far."""
    del sent
    return {"requests": site.log.as_json()}


def _reset_log(site: Site, sent: Sent) -> Any:
    """Forget the requests so far."""
    del sent
    site.log.reset()
    return {"requests": []}


def _clock(site: Site, sent: Sent) -> Any:
    """The shop's time. POST: {"now": "2026-03-29T01:00:00+00:00"}, {"advance": {"minutes": 5}} or {"release": true}."""
    clock = site.clock
    if "now" in sent:
        clock.set(datetime.fromisoformat(sent["now"]))
    if "advance" in sent:
        clock.advance(**sent["advance"])
    if sent.get("release"):
        clock.release()
    return {"now": clock.now().isoformat()}


def _switches(site: Site, sent: Sent) -> Any:
    """How this shop differs from others. PUT: any of the names that GET shows."""
    current = site.switches
    changed = msgspec.convert(msgspec.to_builtins(current) | sent, type(current))
    for name in current.__struct_fields__:
        setattr(current, name, getattr(changed, name))
    return msgspec.to_builtins(current)


def _latency(site: Site, sent: Sent) -> Any:
    """Seconds that every answer waits. PUT: {"seconds": 0.2}."""
    site.latency = float(sent.get("seconds", site.latency))
    return {"seconds": site.latency}


def _checksum(site: Site, sent: Sent) -> Any:
    """Per kind: count, sum of ids, totals per currency and status."""
    del sent
    return checksum(site.shop)


_COMMANDS: dict[tuple[str, str], Callable[[Site, Sent], Any]] = {
    ("GET", ""): _help,
    ("POST", "world"): _world,
    ("POST", "faults"): _add_fault,
    ("POST", "hooks"): _add_hook,
    ("DELETE", "faults"): _clear_faults,
    ("GET", "log"): _log,
    ("DELETE", "log"): _reset_log,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _clock,
    ("GET", "switches"): _switches,
    ("PUT", "switches"): _switches,
    ("GET", "latency"): _latency,
    ("PUT", "latency"): _latency,
    ("GET", "checksum"): _checksum,
}


def _json(status: int, value: Any) -> Answer:
    return Answer(status, msgspec.json.encode(value), [("Content-Type", "application/json")], "control")
