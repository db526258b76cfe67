"""What a webhook gets in its body: the model, and the JSON schema that documentation and OpenAPI show.

``python -m notifications.channels.webhook_body`` writes the one in the documentation.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from notifications.events import EventType, Severity
from notifications.notice import Notice, Stage

EXAMPLE: dict[str, Any] = {
    "type": "unisync.sync_failed.opened",
    "timestamp": "2026-07-16T12:00:00Z",
    "data": {
        "id": "0198a1c2-0000-7000-8000-000000000001",
        "thread": "0198a1c2-0000-7000-8000-000000000000",
        "event": "sync_failed",
        "stage": "opened",
        "severity": "error",
        "tenant": "acme",
        "title": "The sync of berlin-shop to books failed",
        "text": "QuickBooks did not answer.",
        "fields": {"Tenant": "acme", "Severity": "error", "Connection": "books"},
        "records": ["berlin-shop:order:794"],
        "steps": ["Wait a few minutes; the next run goes on where this one ended."],
        "guide": "https://sync.example.org/docs/troubleshooting#quickbooks-away",
        "link": "https://sync.example.org/runs/5f0c2c1e-7a43-4f0e-9f43-0d4d3a1f4b11",
    },
}


class WebhookNotice(BaseModel):
    """The notice itself."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(description="The same in every attempt to deliver this notice, as in the header webhook-id.")
    thread: str = Field(description="The same in all notices of one incident.")
    event: EventType = Field(description="What happened.")
    stage: Stage = Field(
        description="Where the incident stands: opened, escalated, repeated, resolved; single is no incident, "
        "summary tells of several that waited for the end of quiet hours."
    )
    severity: Severity
    tenant: str
    title: str = Field(description="One line.")
    text: str = Field(description="Plain text, perhaps of several paragraphs.")
    fields: dict[str, str] = Field(description="What is known, by names for people, such as Connection or Schedule.")
    records: tuple[str, ...] = Field(description="A sample of the records concerned: connection:kind:id.")
    steps: tuple[str, ...] = Field(description="What to do about it.")
    guide: str = Field(description="Where the troubleshooting guide tells of it, or empty.")
    link: str = Field(description="Where the run or record can be seen, or empty.")


class WebhookBody(BaseModel):
    """What is posted to a webhook; fields may be added, so accept those that you do not know."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [EXAMPLE]})

    type: str = Field(description="unisync.<event>.<stage>", pattern=r"^unisync\.[a-z_]+\.[a-z]+$")
    timestamp: AwareDatetime = Field(description="When it happened, in UTC.")
    data: WebhookNotice


def body_of(notice: Notice) -> WebhookBody:
    """Give the body that tells of a notice."""
    told = notice.model_dump(exclude={"fields", "at"}) | {"fields": dict(notice.fields)}
    return WebhookBody(
        type=f"unisync.{notice.event}.{notice.stage}",
        timestamp=notice.at.astimezone(UTC),
        data=WebhookNotice.model_validate(told),
    )


def body_schema() -> dict[str, Any]:
    """Give the JSON schema of the body."""
    return WebhookBody.model_json_schema(mode="serialization")


if __name__ == "__main__":
    import json
    from pathlib import Path

    place = Path(__file__).resolve().parents[2].joinpath("docs", "notification.schema.json")
    place.write_text(json.dumps(body_schema(), indent=2) + "\n")
