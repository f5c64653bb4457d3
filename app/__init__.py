"""The page: reads an atlas, draws figures, serves pictures."""

from importlib.util import find_spec
from pathlib import Path

# Python looks in the folder where one stands first, and a file there may have the name of our package. That
# package cannot help here: it may be that file.
_spec = find_spec("hvae")
_hvae = _spec.origin if _spec else None
if _hvae is None or Path(_hvae).parent.parent != Path(__file__).parent.parent:
    raise ImportError(
        f"{_hvae} is in the place of this project's package hvae: "
        "start it with hvae-explorer, or from another folder.",
        name=__name__,
    )
