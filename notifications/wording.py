"""A notice as plain text and as HTML, for mail; whatever stands in it is text and nothing else."""

from __future__ import annotations

from datetime import UTC
from html import escape

from notifications.events import Severity
from notifications.notice import Notice

COLOURS = {
    Severity.INFO: "#2e7d32",
    Severity.WARNING: "#f9a825",
    Severity.ERROR: "#c62828",
    Severity.CRITICAL: "#6a1b9a",
}


def subject(notice: Notice) -> str:
    """Give a subject of one line, of a length that mail programs show."""
    line = " ".join(notice.title.split())
    return f"[{notice.tenant}] {line}"[:150]


def plain_text(notice: Notice, *, titled: bool = True) -> str:
    """Give the whole notice as plain text, with its title on top or without."""
    width = max((len(name) for name, _ in notice.fields), default=0)
    parts = [notice.title if titled else "", notice.text]
    parts.append("\n".join(f"{name + ':':<{width + 1}} {value}" for name, value in notice.fields))
    if notice.records:
        parts.append("For example: " + ", ".join(notice.records))
    if notice.steps:
        steps = "\n".join(f"  {number}. {step}" for number, step in enumerate(notice.steps, start=1))
        parts.append(f"What to do:\n{steps}")
    parts += [f"{name}: {address}" for name, address in links(notice)]
    parts.append(f"{moment(notice)}, Universal Data Sync")
    return "\n\n".join(part for part in parts if part) + "\n"


def html(notice: Notice) -> str:
    """Give the whole notice as HTML without pictures, scripts or styles from elsewhere."""
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in notice.text.split("\n\n") if part).replace("\n", "<br>")
    rows = "".join(
        f'<tr><td style="padding:2px 12px 2px 0;color:#666">{escape(name)}</td><td>{escape(value)}</td></tr>'
        for name, value in notice.fields
    )
    records = f"<p>For example: {escape(', '.join(notice.records))}</p>" if notice.records else ""
    steps = "".join(f"<li>{escape(step)}</li>" for step in notice.steps)
    todo = f'<h2 style="font-size:15px">What to do</h2><ol>{steps}</ol>' if steps else ""
    addresses = " · ".join(f'<a href="{escape(address, quote=True)}">{name}</a>' for name, address in links(notice))
    return (
        '<!doctype html><html lang="en"><body style="font-family:sans-serif;font-size:14px;color:#222">'
        f'<div style="border-left:4px solid {COLOURS[notice.severity]};padding-left:12px">'
        f'<h1 style="font-size:18px">{escape(notice.title)}</h1>{paragraphs}<table>{rows}</table>{records}{todo}'
        f'<p>{addresses}</p><p style="color:#666">{moment(notice)}, Universal Data Sync</p>'
        "</div></body></html>\n"
    )


def links(notice: Notice) -> list[tuple[str, str]]:
    """Give the addresses that lead on, each with its name."""
    named = (("Guide", notice.guide), ("Open", notice.link))
    return [(name, address) for name, address in named if address.startswith(("https://", "http://"))]


def moment(notice: Notice) -> str:
    """Write when it happened, in UTC."""
    return f"{notice.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
