"""scikit-learn's digits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hvae.datasets.dataset import Dataset

if TYPE_CHECKING:
    from hvae.datasets.images import Images, Split

_TEST_IMAGES = 360


def load(split: Split, data_dir: str | Path, download: bool, size: int) -> Images:
    """Return 1,437 or 360 of scikit-learn's digits, enlarged from 8 × 8."""
    import numpy as np
    import torch
    import torch.nn.functional as F
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    from hvae.datasets.images import Images

    digits = datasets.load_digits()
    train, test = train_test_split(
        np.arange(len(digits.target)),
        test_size=_TEST_IMAGES,
        random_state=0,
        stratify=digits.target,
    )
    chosen = np.sort(train if split == "train" else test)
    small = torch.from_numpy(digits.images[chosen]).unsqueeze(1) * (255 / 16)
    large = F.interpolate(small, size=(size, size), mode="bilinear", align_corners=False)
    labels = torch.from_numpy(digits.target[chosen]).to(torch.int64)
    return Images(large.round().to(torch.uint8), labels, tuple(str(digit) for digit in digits.target_names))


DATASETS = (
    Dataset(
        "digits",
        "Digits",
        load,
        channels=1,
        is_sized=True,
        licence="Optical Recognition of Handwritten Digits by E. Alpaydin and C. Kaynak, UCI, CC BY 4.0.",
        place=50,
    ),
)
