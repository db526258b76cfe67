"""The troubleshooting guide, written out of the catalogue: as Markdown for the documentation, as HTML for notices."""

from __future__ import annotations

from html import escape

from notifications.advice import GENERAL, Advice, catalogue

_CHAPTERS = {
    "quickbooks": "QuickBooks Online",
    "shop": "The WooCommerce shop",
    "network": "The way to the other system",
    "warehouse": "The warehouse: Supabase and Postgres",
}
_OTHERS = "Records, runs and this installation"
_PREFACE = """# Troubleshooting

What can go wrong, why, and what to do about it. Alerts, the list of failed records and the command line link here. This
page is made from the same catalogue that they take their advice from: `python -m notifications.guide`.
"""


def guide() -> str:
    """Give the whole guide as Markdown: one chapter per system, one heading per topic."""
    parts = [_PREFACE]
    for title, topics in _chapters().items():
        parts += [f"## {title}\n", *map(_section, topics)]
    return "\n".join(parts)


def guide_html() -> str:
    """Give the same guide as the HTML of a page's body, each topic at the anchor of its name."""
    parts = ["<h1>Troubleshooting</h1>"]
    for title, topics in _chapters().items():
        parts += [f"<h2>{escape(title)}</h2>", *map(_section_html, topics)]
    return "\n".join(parts)


def _chapters() -> dict[str, list[Advice]]:
    chapters: dict[str, list[Advice]] = {title: [] for title in (*_CHAPTERS.values(), _OTHERS)}
    for advice, _ in catalogue():
        chapters[_CHAPTERS.get(advice.topic.partition("-")[0], _OTHERS)].append(advice)
    chapters[_OTHERS].append(GENERAL)
    return chapters


def _section(advice: Advice) -> str:
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(advice.steps, start=1))
    return f'<a id="{advice.topic}"></a>\n\n### {advice.title}\n\n{advice.cause}\n\n{steps}\n'


def _section_html(advice: Advice) -> str:
    steps = "".join(f"<li>{escape(step)}</li>" for step in advice.steps)
    heading = f'<h3 id="{escape(advice.topic)}">{escape(advice.title)}</h3>'
    return f"{heading}<p>{escape(advice.cause)}</p><ol>{steps}</ol>"


if __name__ == "__main__":
    from pathlib import Path

    Path(__file__).resolve().parent.parent.joinpath("docs", "troubleshooting.md").write_text(guide())
