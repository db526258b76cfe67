"""Why a request of a person or a program is not carried out; the text is one sentence that says what to do.

Refusal
 ├── Unauthenticated      nobody knows who asks
 ├── Forbidden            who asks may not
 ├── Unknown              there is no such thing, or it is another tenant's
 ├── Clash                it cannot be done as things stand
 ├── Unusable             what was sent cannot be used
 ├── ConfirmationNeeded   it is too large or too final to be done unasked
 └── TooMany              too many attempts for now
"""

from __future__ import annotations


class Refusal(Exception):
    """A request is refused; nothing was changed."""


class Unauthenticated(Refusal):
    """No credentials, or none that count."""


class Forbidden(Refusal):
    """The caller lacks a permission."""


class Unknown(Refusal):
    """Not there; another tenant's things are as unknown as things that never were."""


class Clash(Refusal):
    """The present state does not allow it."""


class Unusable(Refusal):
    """A value cannot be used; ``field`` names it where there is one."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class ConfirmationNeeded(Refusal):
    """Make a dry run and confirm its plan first."""


class TooMany(Refusal):
    """Ask again after ``retry_after`` seconds."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after
