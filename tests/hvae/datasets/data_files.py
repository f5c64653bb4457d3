"""Shared parts of the tests of data sets."""

import numpy as np
import pytest

from hvae.errors import UserError


def random_bytes(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, size=shape, dtype=np.uint8)


def sentence_of(call, *args, **kwargs):
    """The text of the UserError that the call ends in, after checking that it is one plain sentence."""
    with pytest.raises(UserError) as caught:
        call(*args, **kwargs)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".") and "Traceback" not in text
    return text
