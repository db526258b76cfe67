"""A notice as plain text and as HTML, for mail; whatever stands in it is text and nothing else."""

from __future__ import annotations

from html import escape

from notifications.notice import Notice

_COLOURS = {"info": "#2e7d32", "warning": "#f9a825", "error": "#c62828", "critical": "#6a1b9a"}


def subject(notice: Notice) -> str:
    """Give a subject of one line, of a length that mail programs show."""
    line = " ".join(notice.title.split())
    return f"[{notice.tenant}] {line}"[:150]


def plain_text(notice: Notice) -> str:
    """Give the whole notice as plain text."""
    width = max((len(name) for name, _ in notice.fields), default=0)
    parts = [notice.title, notice.text]
    parts.append("\n".join(f"{name + ':':<{width + 1}} {value}" for name, value in notice.fields))
    if notice.records:
        parts.append("Records: " + ", ".join(notice.records))
    if notice.steps:
        steps = "\n".join(f"  {number}. {step}" for number, step in enumerate(notice.steps, start=1))
        parts.append(f"What to do:\n{steps}")
    parts += [f"{name}: {address}" for name, address in (("Guide", notice.guide), ("Open", notice.link)) if address]
    parts.append(f"{notice.at:%Y-%m-%d %H:%M} UTC, Universal Data Sync")
    return "\n\n".join(part for part in parts if part) + "\n"


def html(notice: Notice) -> str:
    """Give the whole notice as HTML without pictures, scripts or styles from elsewhere."""
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in notice.text.split("\n\n") if part)
    rows = "".join(
        f'<tr><td style="padding:2px 12px 2px 0;color:#666">{escape(name)}</td><td>{escape(value)}</td></tr>'
        for name, value in notice.fields
    )
    records = f"<p>Records: {escape(', '.join(notice.records))}</p>" if notice.records else ""
    steps = "".join(f"<li>{escape(step)}</li>" for step in notice.steps)
    todo = f"<h2 style='font-size:15px'>What to do</h2><ol>{steps}</ol>" if steps else ""
    links = " · ".join(
        f'<a href="{escape(address, quote=True)}">{name}</a>'
        for name, address in (("Guide", notice.guide), ("Open", notice.link))
        if address.startswith(("https://", "http://"))
    )
    return (
        '<!doctype html><html lang="en"><body style="font-family:sans-serif;font-size:14px;color:#222">'
        f'<div style="border-left:4px solid {_COLOURS[notice.severity]};padding-left:12px">'
        f'<h1 style="font-size:18px">{escape(notice.title)}</h1>{paragraphs}<table>{rows}</table>{records}{todo}'
        f"<p>{links}</p><p style='color:#666'>{notice.at:%Y-%m-%d %H:%M} UTC, Universal Data Sync</p>"
        "</div></body></html>\n"
    )
