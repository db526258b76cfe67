"""Pages that notices lead to. Anybody may open them: they tell where to look further, and nothing of a tenant."""

from __future__ import annotations

from html import escape
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse

from domain.keys import Kind
from notifications.guide import guide_html

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">\
<meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body style="max-width:45em;margin:2em auto;padding:0 1em;font-family:sans-serif"><main>{body}</main></body></html>
"""
HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}


@router.get("/docs/troubleshooting")
def show_guide() -> Response:
    """Show the troubleshooting guide."""
    return page("Troubleshooting", guide_html())


@router.get("/runs/{run_id}")
def show_run(run_id: UUID) -> Response:
    """Tell how to see a run."""
    return signpost(f"Run {run_id}", f"unisync status {run_id}", f"/api/sync/status/{run_id}")


@router.get("/failures")
def show_failures(kind: Annotated[Kind | None, Query()] = None) -> Response:
    """Tell how to see the records that could not be written."""
    title = f"Records that could not be written{f': {kind}' if kind else ''}"
    option, query = (f" --kind {kind}", f"?kind={kind}") if kind else ("", "")
    return signpost(title, f"unisync failures list{option}", f"/api/sync/failures{query}")


def signpost(title: str, command: str, address: str) -> Response:
    """Make a page that tells people and programs of a tenant where they find something."""
    body = (
        f"<h1>{escape(title)}</h1><p>Whoever runs this installation sees it with</p><pre>{escape(command)}</pre>"
        "<p>(and <code>--tenant</code> with the tenant that the notice names). Programs, and people who have logged in,"
        f" get it from</p><pre>GET {escape(address)}</pre>"
        '<p>What to do about failures, the <a href="/docs/troubleshooting">guide</a> tells.</p>'
    )
    return page(title, body)


def page(title: str, body: str) -> Response:
    """Make a page; ``body`` is HTML already."""
    return HTMLResponse(PAGE.format(title=escape(title), body=body), headers=HEADERS)
