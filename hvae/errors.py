"""The one exception that is shown to people as a sentence."""

LONGEST = 1000


class UserError(Exception):
    """A mistake a user can mend; its text is one sentence that names the thing and says what to do next.

    What it quotes may come from a stranger's file: line breaks and all that would steer a terminal or cannot
    be printed become spaces, and it is cut to LONGEST characters.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(one_line(sentence, LONGEST))


def one_line(text: object, longest: int = 200) -> str:
    """A text's printable characters on one line, cut to `longest`."""
    # Cut before, too: it may be as long as a file.
    printable = "".join(
        character if character.isprintable() else " " for character in str(text)[: 4 * longest]
    )
    line = " ".join(printable.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
