"""What is unconfirmed or differs between companies and times. Every switch names the fact behind it."""

from typing import Annotated, Literal

from msgspec import Meta

from simulators.switches import DeliverySwitches


class Switches(DeliverySwitches, forbid_unknown_fields=True):
    """How this QuickBooks behaves where sources are silent or contradict each other; may be changed while it runs."""

    throttles: bool = True
    """False: no limits at all."""
    per_minute: int = 500
    """Requests per company and minute (Intuit: limits and throttles)."""
    per_second: int = 10
    """Requests per company, app and second (same page)."""
    batches_per_minute: int = 40
    """Batches per company, app and minute; three times as many per company (Intuit blog of 2025-08-13)."""
    throttle_xml: bool = False
    """True: the 429 comes as XML although JSON was asked (python-quickbooks issue 43; captured in quickbooks-ruby)."""
    retry_after: int | None = None
    """Seconds named in Retry-After of a 429; no source shows that header."""
    honours_request_ids: bool = True
    """False: ``requestid`` is ignored and the work is done again."""
    request_id_reuse: Literal["replay", "600"] = "replay"
    """The same ``requestid`` with another body: the stored answer, or a refusal with code 600 (no source tells)."""
    request_id_seconds: int | None = None
    """For how long a ``requestid`` is remembered; None: for ever (no source tells)."""
    remembers_faults: bool = False
    """True: a refusal is stored under its ``requestid`` like a success (no source tells)."""
    ignores_case: bool = True
    """Whether "ANNA" and "Anna" are the same name (believed, no source tells)."""
    query_ignores_case: bool = True
    """Whether = and IN of a query compare text without regard to case (no source tells)."""
    refuses_duplicate_numbers: bool = True
    """The company's "warn if duplicate number is used": a used DocNumber is refused with 6140."""
    duplicates_need_custom_numbers: bool = False
    """True: 6140 also needs the preference CustomTxnNumbers, as Intuit's page "Handling common errors" says."""
    inactive_reference: Literal["610", "2500"] = "610"
    """The code for a reference to something inactive; Intuit's page on common errors lists both."""
    home_currency_reference: Literal["accepted", "refused"] = "accepted"
    """Whether CurrencyRef may name the home currency while multi-currency is off (reports differ)."""
    wrong_realm: Literal["3100", "100"] = "3100"
    """Token of another company: JSON 403 with code 3100, or XML AuthenticationFault 100 (oauth-jsclient issue 91)."""
    rotation: Literal["always", "daily"] = "always"
    """When a refresh yields a new refresh token: each time, or once the present one is 24 hours old."""
    refresh_grace_seconds: int = 0
    """For how long a replaced refresh token still works (no source confirms a grace period)."""
    access_seconds: int = 3600
    refresh_seconds: int = 8_726_400
    """Lifetime of a refresh token, as a captured token answer says (101 days)."""
    hard_seconds: int = 157_680_000
    """Five years: the end of a connection however often it is refreshed (Intuit blog of 2025-11-12)."""
    shuffles_batches: bool = True
    """Whether batch answers come in another order than asked."""
    faults_in_200: bool = False
    """True: refusals come with HTTP 200 (Intuit: error codes; quickbooks-ruby base_service.rb)."""
    total_count: bool = False
    """Whether lists carry totalCount beside startPosition and maxResults; captured answers differ."""
    sorts_ids: Literal["number", "text"] = "number"
    """How ORDERBY Id sorts (no source tells)."""
    query_lag_seconds: int = 0
    """For how long a query does not see a new object (no source tells); reading by id always does."""
    changes_days: int = 30
    """How far back change data capture looks (QuickBooksSharp issue 19)."""
    changes_inclusive: bool = True
    """Whether an object changed exactly at changedSince is shown (no source tells)."""
    changes_plain_text: bool = False
    """True: change data capture answers as text/plain (Intuit PHP SDK threads)."""
    tax_rounding: Literal["total", "line"] = "total"
    """Whether tax outside the US is rounded per rate or per line (no source tells)."""
    webhooks_format: Literal["cloudevents", "legacy"] = "cloudevents"
    """What a notification looks like (Intuit blog of 2025-11-12; third parties say the former ended on 2026-07-31)."""
    webhooks_per_post: Annotated[int, Meta(ge=1)] = 100
    """How many events one notification carries; Intuit's page says that there is no limit."""
    webhooks_one_company: bool = False
    """True: each notification tells of one company, as Intuit's page says that it is for now."""
    webhooks_answer_seconds: float = 3.0
    """How long an answer may take (Intuit: best practices of webhooks)."""
    webhooks_held_back: bool = False
    """True: new events wait until what failed is answered; Intuit's page says that they may."""
    keeps_line_ids: bool = True
    """Whether lines sent with their Id keep it; Intuit's schema says ids are not supported on Invoice lines."""
