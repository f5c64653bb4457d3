"""Pictures of another size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from hvae.datasets.images import Images


def scaled(images: Images, size: int) -> Images:
    """Return the images at size × size pixels, by Pillow's bicubic filter: the same bytes on any machine."""
    if images.images.shape[2:] == (size, size):
        return images
    n, channels = images.images.shape[:2]
    pictures = np.empty((n, channels, size, size), np.uint8)
    for to, picture in zip(pictures, images.images.numpy(), strict=True):
        for channel in range(channels):
            to[channel] = Image.fromarray(picture[channel]).resize((size, size), Image.Resampling.BICUBIC)
    return replace(images, images=torch.from_numpy(pictures))


def bordered(images: Images, size: int) -> Images:
    """Return the images in the middle of size × size black pixels; scaled if they are larger."""
    border = (size - images.images.shape[2]) // 2
    return scaled(images, size) if border < 0 else replace(images, images=F.pad(images.images, [border] * 4))
