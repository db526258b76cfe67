"""The limits of the API, counted by the twin's clock."""

from collections import defaultdict, deque
from datetime import datetime, timedelta

from simulators.http import Answer
from simulators.quickbooks.http import JSON, fault_xml
from simulators.quickbooks.numbers import encode, envelope_time
from simulators.quickbooks.refusals import Problem, Refusal
from simulators.quickbooks.switches import Switches

_MINUTE, _SECOND = timedelta(minutes=1), timedelta(seconds=1)
_BATCHES_OF_ALL_APPS = 3


class Throttle:
    """Sliding windows per company and per company and app; refused requests do not count."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._seen: defaultdict[tuple[str, ...], deque[datetime]] = defaultdict(deque)

    def admits(self, realm: str, app: str, *, batch: bool, now: datetime) -> bool:
        """Whether the request stays within all limits; then it counts."""
        rules = self._switches
        if not rules.throttles:
            return True
        limits = [(("minute", realm), _MINUTE, rules.per_minute), (("second", realm, app), _SECOND, rules.per_second)]
        if batch:
            # 40 a minute per company and app, 120 per company (Intuit blog of 2025-08-13).
            most = rules.batches_per_minute
            limits += [
                (("batch", realm, app), _MINUTE, most),
                (("batch", realm), _MINUTE, most * _BATCHES_OF_ALL_APPS),
            ]
        windows = [(self._within(key, now, span), most) for key, span, most in limits]
        if any(len(window) >= most for window, most in windows):
            return False
        for window, _ in windows:
            window.append(now)
        return True

    def _within(self, key: tuple[str, ...], now: datetime, span: timedelta) -> deque[datetime]:
        window = self._seen[key]
        while window and not now - span < window[0] <= now:
            window.popleft()
        return window


def throttled(status: int, now: datetime, *, as_xml: bool, retry_after: int | None) -> Answer:
    """The answer to one request too many (captured as XML with 429 and, older, with 403)."""
    message = f"message=ThrottleExceeded; errorCode=003001; statusCode={status}"
    problem = Problem("3001", "The request limit was reached.  Try again later", None, message)
    error = Refusal(problem, status=status, kind="SERVICE")
    time = envelope_time(now)
    headers = [("Content-Type", "application/xml" if as_xml else JSON)]
    if retry_after is not None:
        headers.append(("Retry-After", str(retry_after)))
    body = fault_xml(error, time) if as_xml else encode({"Fault": error.fault(), "time": time})
    return Answer(status, body, headers, "throttle")
