"""A background job that a page finds again after it was reloaded.

Dash's handles of a job are valid for one load of a page. So a page makes and keeps a ticket for its job, and
sends it again with the same request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

LOST = (
    "What was in training before this page was loaded again has ended or was stopped: "
    "reload the page to see which dots there are, or ask for it again, and it goes on where it was."
)


class Tickets:
    """Wraps a manager of background callbacks whose first input is an object.

    In this object, `ticket` is a text that nobody else can guess. `again` is true if the job exists already:
    then it is found, or the answer is {"error": LOST}; no new job is started.
    """

    handle: Any
    job_running: Callable[[str], bool]

    def build_cache_key(self, fn: Callable, args: list, *rest: object) -> str:
        """Return the ticket's key, else the manager's."""
        ticket = _said(args).get("ticket")
        if not isinstance(ticket, str) or len(ticket) < 32:
            return super().build_cache_key(fn, args, *rest)
        return hashlib.sha256(ticket.encode(errors="replace")).hexdigest()

    def call_job_fn(self, key: str, job_fn: Callable, args: list, context: object) -> str | None:
        """Return the handle of the ticket's job; start the job unless this is a second request."""
        place = f"{key}-job"
        if not _said(args).get("again"):
            job = super().call_job_fn(key, job_fn, args, context)
            self.handle.set(place, job)
            return job
        job = self.handle.get(place)
        if job is None or not (self.job_running(job) or self.handle.get(key)):
            self.handle.set(key, {"error": LOST})
            return None
        return job


def _said(args: Any) -> dict[str, Any]:
    return args[0] if isinstance(args, list | tuple) and args and isinstance(args[0], dict) else {}
