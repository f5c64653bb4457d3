"""What Python and the browser must agree on. The page's HTML holds it as JSON for the scripts.

assets/page/core/shared-constants.js reads it. It is the same for all atlases.
"""

from __future__ import annotations

from typing import Any

from app.atlases.folds import EDGE
from app.page.figures.axes import FONT
from app.page.points import NEXT_TO_NOTHING, STATS, TRAVERSAL, TRAVERSAL_OF_NOTHING
from app.page.state import LOOK, SAMPLES
from app.page.words import BETA_DIGITS, DECIMALS
from app.pictures.contact_sheet import COLUMNS, GAP
from app.pictures.kinds.rough_metrics import MOST_IMAGES
from app.pictures.python_code import python_templates
from hvae.atlas.point import FOLD_DIGITS, FOLD_NAME, FOLD_PATTERN


def description() -> dict[str, Any]:
    """Return the description, name → content. JSON-ready.

    look: the fields of the state that figures depend on. fold: the names of folds, and how
    far beyond its range a parent may be folded. estimated: the numbers of
    a fold that are estimated, on `most_estimated_images` test images at most. traversal: what stands beside
    a traversal of z₂. samples: how many the page shows of a model. sheet: tiles in a row of pictures, and the
    pixels between them. figure_type: the type of figures, in pixels. numbers: how numbers become text.
    python: the templates of the exported code.
    """
    return {
        "look": LOOK,
        "fold": {"name": FOLD_NAME, "pattern": FOLD_PATTERN, "digits": FOLD_DIGITS, "edge": EDGE},
        "estimated": list(STATS),
        "most_estimated_images": MOST_IMAGES,
        "traversal": {
            "usual": TRAVERSAL,
            "of_nothing": TRAVERSAL_OF_NOTHING,
            "next_to_nothing": NEXT_TO_NOTHING,
        },
        "samples": SAMPLES,
        "sheet": {"columns": COLUMNS, "gap": GAP},
        "figure_type": FONT["size"],
        "numbers": {"beta_digits": BETA_DIGITS, "decimals": DECIMALS},
        "python": python_templates(),
    }
