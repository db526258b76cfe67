"""How long what is over is kept."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

LONGEST = 36_500


class Retention(BaseModel):
    """Days for which things are kept once they are over; links, watermarks and whatever is open or owed stay for good.

    Only webhooks go after ``webhook_days`` even if nothing ever carried them: schedules find what they told.
    ``payload_days`` are for what was sent to books and then written anew or refused; what stands in the books is kept
    for ``last_payload_days``, because it tells whether somebody changed a document there: later such a change is taken
    for somebody's.
    """

    model_config = ConfigDict(frozen=True)

    record_log_days: int = Field(default=400, ge=1, le=LONGEST)
    run_days: int = Field(default=400, ge=1, le=LONGEST)
    problem_days: int = Field(default=180, ge=1, le=LONGEST)
    payload_days: int = Field(default=30, ge=1, le=LONGEST)
    last_payload_days: int = Field(default=400, ge=1, le=LONGEST)
    plan_days: int = Field(default=30, ge=1, le=LONGEST)
    webhook_days: int = Field(default=30, ge=1, le=LONGEST)
    notification_days: int = Field(default=400, ge=1, le=LONGEST)
    count_days: int = Field(default=800, ge=62, le=LONGEST)
    # The ledger itself refuses to forget sooner.
    audit_days: int = Field(default=730, ge=90, le=LONGEST)
    prefect_days: int = Field(default=30, ge=1, le=LONGEST)
