"""An image that travels in the address, so that what is made of it is a function of the address alone.

What arrives was written by a stranger: it is a small PNG of exactly the model's size, or it is refused.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from PIL import Image
from pydantic import Field, model_validator

from app.atlases.subject import Subject
from app.pictures.kind import chosen
from app.pictures.queries import SPLIT, Indices, Query, QueryError

MAX_CHARACTERS = 24_000

MODES = {"1", "L", "LA", "P", "RGB", "RGBA"}
"""PIL's names of PNGs with at most 8 bits for each channel."""

SIGNATURE, HEADER, END = b"\x89PNG\r\n\x1a\n", b"\0\0\0\rIHDR", b"\0\0\0\0IEND\xaeB`\x82"


def link_characters(height: int, width: int) -> int:
    """Return how many characters the page's own images have at most.

    Up to 32 × 32 pixels, addresses stay within 4,000 bytes: gunicorn refuses a line of more than 4,094.
    Larger pictures would lose too much: theirs stay within 8,000, which many proxies pass on, and gunicorn as
    the documents start it.
    """
    return 3_000 if height * width <= 32 * 32 else 7_000


OwnImage = Annotated[
    str,
    Field(
        max_length=MAX_CHARACTERS,
        pattern=r"^[A-Za-z0-9_-]*={0,2}$",
        description="An image of your own in place of the test images: a PNG of exactly the model's height "
        "and width as base64url. Colour and grey become what the model takes; transparency becomes black.",
    ),
]
FewImages = Annotated[
    Indices,
    Field(
        max_length=8,
        description="Indices into the atlas's test images, separated by commas.",
    ),
    SPLIT,
]


class OfImages(Query):
    """Base of kinds that take test images or one of the visitor's own."""

    images: FewImages = ()
    image: OwnImage = ""

    @model_validator(mode="after")
    def _not_both(self) -> OfImages:
        if self.images and self.image:
            raise ValueError("Either images or image can be given, not both")
        return self

    @property
    def uses_images(self) -> bool:
        return not self.image

    def given(self, subject: Subject, otherwise: Sequence[int]) -> np.ndarray:
        """The images asked for, uint8 (N, C, H, W); test images `otherwise` where none is.

        Raises QueryError where there is no such image, or one's own is not what it should be.
        """
        if self.image:
            return read_image(self.image, subject.model.config.image_shape)[None]
        return chosen(subject, self.images or otherwise)


def read_image(text: str, shape: tuple[int, int, int]) -> np.ndarray:
    """The PNG in `text`, base64url, as uint8 (C, H, W) of that very shape. Raises QueryError."""
    channels, height, width = shape
    if channels not in (1, 3):
        raise QueryError(f"An image of your own cannot be given to a model with {channels} channels.")
    bare = text.rstrip("=")
    try:
        data = base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except (binascii.Error, ValueError):
        raise QueryError("The image is not base64url.") from None
    if data[:16] != SIGNATURE + HEADER:
        raise QueryError("The image is not a PNG.")
    # Before anything is unpacked: what it claims to be.
    size = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if size != (width, height):
        raise QueryError(
            f"The image has {size[0]} × {size[1]} pixels: scale it to this model's {width} × {height}."
        )
    if not data.endswith(END):
        raise QueryError("The image is cut off: its PNG has no end.")
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            if image.mode not in MODES:
                raise ValueError("it has more than 8 bits for each channel")
            flat = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image.convert("RGBA"))
            pixels = np.asarray(flat.convert("L" if channels == 1 else "RGB"))
    except Exception:  # PIL and zlib raise many kinds
        raise QueryError("The image is a PNG that cannot be read: save it with 8 bits a channel.") from None
    return pixels.reshape(height, width, channels).transpose(2, 0, 1)
