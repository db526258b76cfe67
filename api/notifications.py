"""/api/notifications: who is told of what and how, what they were told, and what lasts."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, JsonValue, TypeAdapter
from pydantic_core import CoreSchema
from starlette.responses import StreamingResponse

from api.callers import allowed
from api.description import refusals
from api.idempotency import starting
from api.streams import CSV, EXPORTS, JSON_LINES, streamed
from domain.access import Permission
from domain.listing import Listing, PageRequest
from notifications.channels.webhook_body import WebhookBody
from notifications.configuration import ChannelSettings
from operations import incidents, notification_configs, notification_history
from operations.caller import Caller
from operations.incidents import IncidentFilter, IncidentView, SilenceWish
from operations.notification_configs import EXAMPLE, Configuration, ConfigWish
from operations.notification_history import HistoryWish, NoticeChoice, NoticeHistory
from operations.notification_tests import Trial, try_configuration

router = APIRouter(prefix="/api/notifications", tags=["notifications"])

notices = APIRouter(tags=["notifications"])
"""What is sent to the webhooks of those who are told; served by nobody."""

Keeper = Annotated[Caller, allowed(Permission.MANAGE_SETTINGS)]
Starter = Annotated[Caller, starting(Permission.MANAGE_SETTINGS)]


class _FourShapes:
    """Describes the settings of a channel as the four shapes that they are read as."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return handler(TypeAdapter(ChannelSettings).core_schema)


class NewConfiguration(ConfigWish):
    """A configuration with everything that its channel needs, secrets too; they are never shown again."""

    settings: Annotated[dict[str, JsonValue], _FourShapes()] = Field(repr=False)


class TrialWish(BaseModel):
    """What to try: a stored configuration by its id, one that is not stored, or a stored one with these changes."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"configuration": EXAMPLE}]},
    )

    config_id: UUID | None = None
    configuration: ConfigWish | None = None


class HistoryExport(NoticeChoice):
    """Which notices, and in which form."""

    format: Literal["csv", "json"] = Field(default="csv", description="A table, or one JSON object per line.")


@router.get("/configs", summary="List who is told")
def list_configs(caller: Keeper, page: Annotated[PageRequest, Query()]) -> Listing[Configuration]:
    """List the configurations of the tenant by name: channel, filters, and targets that are switched off; no secret."""
    return notification_configs.list_configurations(caller, page)


@router.post("/configs", summary="Have somebody told", status_code=201, responses=refusals(409))
def make_config(caller: Keeper, wanted: NewConfiguration) -> Configuration:
    """Make a configuration: a channel with its settings, and filters on what is told; people are told from now on."""
    return notification_configs.make_configuration(caller, wanted)


@router.get("/configs/{config_id}", summary="One configuration", responses=refusals(404))
def show_config(caller: Keeper, config_id: UUID) -> Configuration:
    """Show a configuration; of its secrets only which are set."""
    return notification_configs.show_configuration(caller, config_id)


@router.put("/configs/{config_id}", summary="Change a configuration", responses=refusals(404, 409))
def change_config(caller: Keeper, config_id: UUID, wanted: ConfigWish) -> Configuration:
    """Put a configuration in place of the stored one; what was shown can be sent back as it was.

    Secrets that are left out stay, unless they would go to another place. Targets that were switched off are told
    again.
    """
    return notification_configs.change_configuration(caller, config_id, wanted)


@router.delete("/configs/{config_id}", summary="Tell somebody no more", status_code=204, responses=refusals(404))
def remove_config(caller: Keeper, config_id: UUID) -> None:
    """Remove a configuration with its secrets; what it was told stays in the history."""
    notification_configs.remove_configuration(caller, config_id)


@router.post("/configs/{config_id}/test", summary="Send a test", responses=refusals(404, 409))
def try_config(caller: Starter, config_id: UUID) -> Trial:
    """Send a test the way of all notices, and tell what each target answered and what the rules would hold back."""
    return try_configuration(caller, config_id)


@router.post("/test", summary="Try a configuration", responses=refusals(404, 409))
def try_any(caller: Keeper, wanted: TrialWish) -> Trial:
    """Send a test over a configuration that is stored, over one that is not, or over a change to a stored one."""
    return try_configuration(caller, wanted.config_id, wanted.configuration)


@router.get("/history", summary="List what was told")
def list_history(caller: Keeper, wanted: Annotated[HistoryWish, Query()]) -> NoticeHistory:
    """List notices, newest first: delivered or not, why, after how many attempts; and what nobody was told, and why.

    `suppressed` counts the events that fit and were told to nobody one by one.
    """
    return notification_history.list_history(caller, wanted)


@router.get("/history/export", summary="Export what was told", response_class=StreamingResponse, responses=EXPORTS)
def export_history(caller: Keeper, wanted: Annotated[HistoryExport, Query()]) -> StreamingResponse:
    """Give the same notices as a file, all of them: a table, or one JSON object per line."""
    if wanted.format == "csv":
        return streamed(notification_history.export_csv(caller, wanted), CSV, "notifications.csv")
    return streamed(notification_history.export_json_lines(caller, wanted), JSON_LINES, "notifications.jsonl")


@router.get("/incidents", summary="List what lasts")
def list_incidents(caller: Keeper, wanted: Annotated[IncidentFilter, Query()]) -> Listing[IncidentView]:
    """List incidents, those that struck last first: one for each cause, however often it struck."""
    return incidents.search_incidents(caller, wanted)


@router.get("/incidents/{incident_id}", summary="One incident", responses=refusals(404))
def find_incident(caller: Keeper, incident_id: UUID) -> IncidentView:
    """Show an incident with the last event of its cause and what to do about it."""
    return incidents.find_incident(caller, incident_id)


@router.post("/incidents/{incident_id}/acknowledge", summary="Take care of it", responses=refusals(404, 409))
def acknowledge(caller: Keeper, incident_id: UUID) -> IncidentView:
    """Let everybody know that somebody takes care: it is not told again and again any more, only when it is over."""
    return incidents.acknowledge(caller, incident_id)


@router.post("/incidents/{incident_id}/silence", summary="Keep still about it", responses=refusals(404))
def silence(caller: Keeper, incident_id: UUID, wanted: SilenceWish) -> IncidentView:
    """Tell nobody of an incident until a moment, whatever happens; a moment that is past ends the silence."""
    return incidents.silence(caller, incident_id, wanted.until)


@notices.post("notice", summary="A notice", status_code=204, operation_id="take_notice")
def take_notice(body: WebhookBody) -> None:
    """Is sent to a channel of the sort `webhook`, signed by the Standard Webhooks scheme where it has a secret.

    Any answer from 200 to 299 says that it was taken. The same notice may come twice, with the same `webhook-id`.
    """
