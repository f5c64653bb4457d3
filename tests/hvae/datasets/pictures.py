"""Picture folders as tests write them."""

import numpy as np
from PIL import Image


def save(path, pixels, **options):
    """Write uint8 or uint16 pixels as a picture of the kind that the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


def colour(value, side=32):
    """A uniform picture."""
    return np.full((side, side, 3), value, dtype=np.uint8)


def picture_class(folder, count, ending=".png"):
    """A class of pictures, each of a shade of its own."""
    for i in range(count):
        save(folder / f"{i:03}{ending}", colour(i))
