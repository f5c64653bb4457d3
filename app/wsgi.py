"""The page for servers of several processes: `gunicorn app.wsgi:server`. See docs/serving.md."""

import os
import sys

from app.server import environment
from hvae.errors import UserError

NEVER = 3
"""The exit code at which gunicorn ends, too: after any other it starts the next worker, for ever."""


def refuse(sentence: str) -> None:
    """End this process, and gunicorn with it."""
    print(f"Error: {sentence}", file=sys.stderr, flush=True)
    os._exit(NEVER)


try:
    server = environment.server(os.environ)
except UserError as error:
    refuse(str(error))

# The thread that decodes stays in the process that started it: in a fork of this one no picture would come.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: refuse("The page cannot be forked: leave --preload out."))
