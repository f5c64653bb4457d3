r"""TeX to MathML, of the little TeX that equations of `hvae.metrics.metric.Explanation` need.

Letters and Greek, numbers, scripts, groups, fractions, words, functions, sums and minima with what stands
above and below them, spaces, and brackets made larger by \big and \Big.
"""

from __future__ import annotations

import re
from typing import Any

Node = list[Any]
"""An element: its name, its attributes in a dict where it has any, and its children: elements or a text.

Operators stretch only if their attributes say so, other than in MathML: most are as high as a letter.
"""

WORDS = re.compile(r"\\(text|mathrm|phantom)\{([^}]*)\}")
TOKEN = re.compile(r"\\(?:text|mathrm|phantom)\{[^}]*\}|\\[a-zA-Z]+|\\.|[0-9]+(?:\.[0-9]+)?|\s+|.", re.DOTALL)
LETTERS = {
    **{name: sign for name, sign in zip(("beta", "lambda", "mu", "sigma"), "βλμσ", strict=True)},
    **{"varphi": "φ", "Sigma": "Σ"},
}
SIGNS = {"le": "≤", "ge": "≥", "cdot": "·", "sim": "∼", "approx": "≈", "|": "‖"}
FUNCTIONS = ("log", "ln", "exp")
WITH_LIMITS = {"sum": "∑", "min": "min"}
"""What stands above and below what it is about, in a line of its own."""
SPACES = {",": "0.17em", ";": "0.28em", "quad": "1em"}
LARGE = {"big": "1.25em", "Big": "1.9em"}
OPENING, CLOSING = "([{", ")]}"
NARROW = {"lspace": "0.1em", "rspace": "0.1em"}
"""Around a bar, which MathML would keep apart from what it stands between."""
CLOSE = {"lspace": "0", "rspace": "0"}
AROUND_FUNCTIONS = {"lspace": SPACES[","], "rspace": SPACES[","]}


def mathml(tex: str) -> Node:
    """Return a line of TeX as an element <math>. Raises ValueError for what this module does not know."""
    reader = _Reader(tex)
    row = reader.row(until="")
    return ["math", {"display": "block"}, *row]


class _Reader:
    """Reads tokens from the left."""

    def __init__(self, tex: str) -> None:
        self._tex = tex
        self._ahead = [token for token in TOKEN.findall(tex) if not token.isspace()]

    def row(self, until: str) -> list[Node]:
        """Read elements up to the token `until`, which is taken, too; up to the end if it is empty."""
        nodes: list[Node] = []
        while self._ahead:
            if self._ahead[0] == until:
                self._take()
                return nodes
            nodes.append(self._with_scripts())
        if until:
            raise ValueError(f"{self._tex}: {until} is missing")
        return nodes

    def _take(self) -> str:
        if not self._ahead:
            raise ValueError(f"{self._tex}: it ends too early")
        return self._ahead.pop(0)

    def _argument(self) -> Node:
        """Read a group in braces, or one token. Of a number, TeX takes one digit."""
        if self._ahead and (self._ahead[0].isdigit() and len(self._ahead[0]) > 1):
            number = self._take()
            self._ahead.insert(0, number[1:])
            return ["mn", number[0]]
        if self._ahead and self._ahead[0] == "{":
            self._take()
            nodes = self.row(until="}")
            return nodes[0] if len(nodes) == 1 else ["mrow", *nodes]
        return self._atom()

    def _with_scripts(self) -> Node:
        is_limit = bool(self._ahead) and self._ahead[0].removeprefix("\\") in WITH_LIMITS
        base = self._atom()
        scripts: dict[str, Node] = {}
        while self._ahead and self._ahead[0] in ("^", "_", "'"):
            sign = self._take()
            if sign == "'":
                scripts["^"] = ["mo", "′"]
            else:
                scripts[sign] = self._argument()
        if not scripts:
            return base
        names = {"_": "munder", "^": "mover", "_^": "munderover"}
        if not is_limit:
            names = {"_": "msub", "^": "msup", "_^": "msubsup"}
        which = "".join(sign for sign in "_^" if sign in scripts)
        return [names[which], base, *(scripts[sign] for sign in which)]

    def _atom(self) -> Node:
        token = self._take()
        if words := WORDS.fullmatch(token):
            return _words(*words.groups())
        if token.startswith("\\"):
            return self._command(token[1:])
        if token[0].isdigit():
            return ["mn", token]
        if token.isalpha():
            return ["mi", token]
        if token == "{":
            return ["mrow", *self.row(until="}")]
        if token in OPENING + CLOSING:
            return ["mo", token]
        if token == "|":
            return ["mo", NARROW, token]
        if token == "/":
            return ["mo", CLOSE, token]
        if token in "=+-,;<>":
            return ["mo", token.replace("-", "−")]
        raise ValueError(f"{self._tex}: {token} is not known")

    def _command(self, name: str) -> Node:
        if name in LETTERS:
            upright = {"mathvariant": "normal"} if LETTERS[name].isupper() else {}
            return ["mi", upright, LETTERS[name]] if upright else ["mi", LETTERS[name]]
        if name in SIGNS:
            return ["mo", SIGNS[name]]
        if name in FUNCTIONS:
            return ["mo", AROUND_FUNCTIONS, name]
        if name in WITH_LIMITS:
            sign = WITH_LIMITS[name]
            return ["mo", {"movablelimits": "false", "rspace": "0.17em"}, sign]
        if name in SPACES:
            return ["mspace", {"width": SPACES[name]}]
        if name in LARGE:
            size = LARGE[name]
            fence = {"stretchy": "true", "symmetric": "true", "minsize": size, "maxsize": size}
            return ["mo", fence, self._take()]
        if name in ("frac", "tfrac"):
            parts = ["mfrac", self._argument(), self._argument()]
            return ["mstyle", {"displaystyle": "false"}, parts] if name == "tfrac" else parts
        if name == "hat":
            return ["mover", {"accent": "true"}, self._argument(), ["mo", CLOSE, "^"]]
        raise ValueError(f"{self._tex}: \\{name} is not known")


def _words(kind: str, text: str) -> Node:
    if kind == "text":
        return ["mtext", text]
    upright = ["mi", text] if len(text) > 1 else ["mi", {"mathvariant": "normal"}, text]
    return ["mphantom", upright] if kind == "phantom" else upright
