"""The one exception that is shown to people as a sentence."""


class UserError(Exception):
    """A mistake a user can mend; its text is one sentence that names the thing and says what to do next."""
