"""The only exception that is shown to users, as one sentence."""

import os

LONGEST = 1000


class UserError(Exception):
    """An error that a user can correct. Its text is one sentence: the name of the thing, and what to do next.

    The text may quote a stranger's file. So line breaks, control characters and everything else that cannot
    be printed become spaces, and the text is cut to LONGEST characters.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(one_line(sentence, LONGEST))


def printable(text: str | os.PathLike) -> str:
    """Return a path or name that can be printed and stored, without invalid bytes and control characters."""
    decoded = os.fsencode(text).decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in decoded)


def printable_lines(text: str) -> str:
    """Return a text of several lines that can be printed, without control characters."""
    return "\n".join(map(printable, text.split("\n")))


def one_line(text: object, longest: int = 200) -> str:
    """Return a text's printable characters on one line, cut to `longest`."""
    # Cut first, too: the text may be as long as a file.
    printable = "".join(
        character if character.isprintable() else " " for character in str(text)[: 4 * longest]
    )
    line = " ".join(printable.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
