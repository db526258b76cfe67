"""A company's owner in front of Intuit's consent page."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import httpx


def consent(url: str, realm: str = "", *, approve: bool = True) -> str:
    """Open the page, pick the company (the first one if none is named), press a button: where the browser goes then."""
    with httpx.Client(trust_env=False) as browser:
        page = browser.get(url)
        assert page.status_code == 200, page.text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
        sent = {**hidden, "realm": realm or re.findall(r'<option value="(\d+)">', page.text)[0]}
        answer = browser.post(
            httpx.URL(url).copy_with(query=None), data={**sent, "approve": "yes" if approve else "no"}
        )
    assert answer.status_code == 302
    return answer.headers["Location"]


def brought(location: str) -> dict[str, str]:
    """What the browser brings back in its address."""
    return dict(parse_qsl(urlsplit(location).query))
