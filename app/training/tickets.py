"""A background job that a page finds again after it was loaded anew.

Dash's handles of a job are good for one load of a page. So a page names its job by a ticket of its own, which
it keeps, and asks once more for what it had asked for.
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
    """Goes before a manager of background callbacks whose first input is an object.

    In it, `ticket` is a text that nobody else can guess, and `again` is true where the job is there already:
    it is found, or the answer is {"error": LOST}; none is started.
    """

    handle: Any
    job_running: Callable[[str], bool]

    def build_cache_key(self, fn: Callable, args: list, *rest: object) -> str:
        """The ticket's, else that of the manager."""
        ticket = _said(args).get("ticket")
        if not isinstance(ticket, str) or len(ticket) < 32:
            return super().build_cache_key(fn, args, *rest)
        return hashlib.sha256(ticket.encode(errors="replace")).hexdigest()

    def call_job_fn(self, key: str, job_fn: Callable, args: list, context: object) -> str | None:
        """The handle of the ticket's job, which is started unless it is asked for again."""
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
