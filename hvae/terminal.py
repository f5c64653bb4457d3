"""Text for terminals and files of any encoding: what an encoding lacks is written in plain letters."""

from __future__ import annotations

import codecs
import os
import sys
import unicodedata
from pathlib import Path

PLAIN = "hvae-plain"
"""The name of the error handler that `spell_out` registers."""

WORDS = {
    **{chr(0x2080 + digit): f"_{digit}" for digit in range(10)},
    **{"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "Δ": "Delta", "μ": "mu", "σ": "sigma"},
    **{"…": "...", "–": "-", "—": "-", "−": "-", "×": "x", "·": ".", "±": "+-", "≤": "<=", "≥": ">="},
    **{"→": "->", "⇄": "<->", "≈": "~", "“": '"', "”": '"', "’": "'", "◇": "o", "○": "o"},
}


def spell_out(error: UnicodeError) -> tuple[str, int]:
    """A codec's error handler: what an encoding lacks, in ASCII. `?` where no letters are known for it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def accept_all_text() -> None:
    """Have stdout and stderr take any text, whatever their encoding; call before anything is written."""
    codecs.register_error(PLAIN, spell_out)
    for stream in (sys.stdout, sys.stderr):
        # Without a terminal there may be none, and whoever calls this program may have put another there.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=PLAIN)


def command_name(command: str, module: str) -> str:
    """What this program was started as: a console command, or `python -m MODULE`."""
    return command if Path(os.path.splitext(sys.argv[0])[0]).name == command else f"python -m {module}"


def _plain(character: str) -> str:
    if character in WORDS:
        return WORDS[character]
    return unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode() or "?"
