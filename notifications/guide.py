"""The troubleshooting guide, written out of the catalogue."""

from __future__ import annotations

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
    chapters: dict[str, list[Advice]] = {title: [] for title in (*_CHAPTERS.values(), _OTHERS)}
    for advice, _ in catalogue():
        chapters[_CHAPTERS.get(advice.topic.partition("-")[0], _OTHERS)].append(advice)
    chapters[_OTHERS].append(GENERAL)
    parts = [_PREFACE]
    for title, topics in chapters.items():
        parts += [f"## {title}\n", *map(_section, topics)]
    return "\n".join(parts)


def _section(advice: Advice) -> str:
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(advice.steps, start=1))
    return f'<a id="{advice.topic}"></a>\n\n### {advice.title}\n\n{advice.cause}\n\n{steps}\n'


if __name__ == "__main__":
    from pathlib import Path

    Path(__file__).resolve().parent.parent.joinpath("docs", "troubleshooting.md").write_text(guide())
