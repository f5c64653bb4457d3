"""Forged files of all networks in the browser: each does what it does in Python, or a sentence refuses it."""

from __future__ import annotations

import json
import random
from collections import Counter

import numpy as np
import torch
from file_parts import parts, whole
from python_side import HVAE, HVAEConfig, Parent, UserError, load_model, load_parent
from safetensors.torch import save

FORGERIES = 200
FORMS = [
    HVAEConfig.of(architecture, image_shape=(1, 8, 8), width=4, channels=2, top_dim=3, inference=inference)
    for architecture in ("residual", "xiao-bamler", "local")
    for inference in ("generalized", "ladder")
]
CLAIMS = {
    "architecture": ["residual", "xiao-bamler", "local", "linear", "__proto__", "", 3],
    "image_shape": [
        [1, 4, 4],
        [1, 8, 4],
        [2, 8, 8],
        [1, 16, 8],
        [1, 1024, 1024],
        [1024, 8, 8],
        [1, 6, 8],
        "188",
    ],
    "layers": [1, 2, 3, 32, 0, 2.5],
    "top_dim": [1, 2, 4, 4096, 0, "3"],
    "channels": [1, 3, 4, 1024, -1],
    "width": [2, 3, 6, 1024, 1e3, None],
    "inference": ["generalized", "ladder", "toString"],
    "likelihood": ["gaussian", "bernoulli", []],
    "variance": [1e-6, 0.1, 1e6, 0, 1e400, True],
    "depth": [1],
}
"""Fields of a config, and what a stranger could write there: sound or not, and large."""
ONLY_IN_PYTHON = ("too large for the browser", "neither float16 nor float32", "not finite numbers")
"""What the browser refuses, and Python, which compares with atlas.json, may read."""


def honest(config: HVAEConfig, is_parent: bool) -> bytes:
    """A file without a checksum, as older releases wrote it: its structure alone protects it."""
    made = Parent(config) if is_parent else HVAE(config)
    generator = torch.Generator().manual_seed(0)
    weights = {
        name: 0.5 * torch.randn(value.shape, generator=generator) for name, value in made.state_dict().items()
    }
    about = {"config": config.to_dict(), **({"beta_range": [0.1, 10.0]} if is_parent else {})}
    return save(weights, {"hvae": json.dumps(about)})


def config(header: dict, rest: bytes, rng: random.Random) -> bytes:
    """One field or two say something else."""
    about = json.loads(header["__metadata__"]["hvae"])
    for field in rng.sample(sorted(CLAIMS), rng.randint(1, 2)):
        about["config"][field] = rng.choice(CLAIMS[field])
    if rng.random() < 0.2:
        about["config"].pop(rng.choice(sorted(about["config"])))
    header["__metadata__"]["hvae"] = json.dumps(about)
    return whole(header, rest)


def shapes(header: dict, rest: bytes, rng: random.Random) -> bytes:
    """A tensor has its sides in another order, or others of the same product."""
    entry = header[rng.choice([name for name in header if name != "__metadata__"])]
    rng.shuffle(entry["shape"])
    if rng.random() < 0.5:
        entry["shape"] = [*entry["shape"], 1] if rng.random() < 0.5 else [int(np.prod(entry["shape"]))]
    return whole(header, rest)


def names(header: dict, rest: bytes, rng: random.Random) -> bytes:
    """Two tensors change places, or one has another name."""
    one, other = rng.sample([name for name in header if name != "__metadata__"], 2)
    if rng.random() < 0.7:
        header[one], header[other] = header[other], header[one]
    else:
        header[rng.choice([f"{other}.weight", "__proto__", "constructor", one.upper()])] = header.pop(one)
    return whole(header, rest)


def types(header: dict, rest: bytes, rng: random.Random) -> bytes:
    """Numbers are read as numbers of another size."""
    entry = header[rng.choice([name for name in header if name != "__metadata__"])]
    entry["dtype"] = rng.choice(["F16", "BF16", "F64", "I32"])
    if entry["dtype"] == "F16":
        entry["shape"] = [*entry["shape"][:-1], 2 * entry["shape"][-1]]
    return whole(header, rest)


def flipped(header: dict, rest: bytes, rng: random.Random) -> bytes:
    """Bits that are not as they were written, most of them in the header."""
    data = bytearray(whole(header, rest))
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(rng.choice([8, 1000, len(data)]))] ^= 1 << rng.randrange(8)
    return bytes(data)


WAYS = {"config": config, "shapes": shapes, "names": names, "types": types, "flipped": flipped}


def by_python(file, is_parent):
    """Pixel means of a sample. Raises UserError."""
    if not is_parent:
        return load_model(file).sample(1)
    parent = load_parent(file)
    return parent.fold([1.0] * parent.config.layers).sample(1)


def test_a_forged_file_does_what_it_does_in_python_or_is_refused_in_a_sentence(modules, tmp_path):
    rng = random.Random(0)
    honests = [honest(form, is_parent) for form in FORMS for is_parent in (False, True)]
    forged = []
    for _ in range(FORGERIES):
        number, way = rng.randrange(len(honests)), rng.choice(sorted(WAYS))
        forged.append((way, number % 2 == 1, WAYS[way](*parts(honests[number]), rng)))
    tried = modules("modelsTried", files=[data for _, _, data in forged])
    assert tried["memory"] < 32 * 2**20
    outcomes = Counter()
    for (way, is_parent, data), outcome in zip(forged, tried["outcomes"], strict=True):
        assert "fault" not in outcome, (way, outcome)
        assert outcome["milliseconds"] < 2000
        (tmp_path / "it.safetensors").write_bytes(data)
        try:
            expected = by_python(tmp_path / "it.safetensors", is_parent)
        except UserError as error:
            assert "sentence" in outcome, (way, f"only the browser runs it; Python: {error}")
            outcomes[way, "refused"] += 1
            continue
        if "sentence" in outcome:
            assert any(reason in outcome["sentence"] for reason in ONLY_IN_PYTHON), (way, outcome["sentence"])
            outcomes[way, "refused"] += 1
            continue
        outcomes[way, "run"] += 1
        if way in ("config", "names", "shapes"):  # others leave weights of any size
            np.testing.assert_allclose(outcome["made"], expected.flatten(), atol=1e-4)
    # What never refuses, or never runs, tests nothing.
    assert min(outcomes[way, "refused"] for way in WAYS) > 5
    assert min(outcomes[way, "run"] for way in ("config", "names", "flipped")) > 2
