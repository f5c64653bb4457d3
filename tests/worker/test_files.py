"""Checkpoints in the browser: read as Python reads them, and refused in a sentence where they are not sound.

Files are made by Hypothesis and sent to the browser many at a time.
"""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import torch
from file_parts import parts, whole
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_side import HVAE, Atlas, HVAEConfig, UserError, tensors_in
from safetensors.torch import save

CONFIG = HVAEConfig(image_shape=(1, 8, 8), width=2, channels=1, top_dim=1)
WEIGHTS = HVAE(CONFIG).state_dict()


def unsigned(**changes: Any) -> bytes:
    """A model's file as an older release wrote it, without a checksum: only its structure protects it."""
    about = {"config": CONFIG.to_dict(), **changes}
    return save(WEIGHTS, {"hvae": json.dumps(about)})


def outcomes(modules, files):
    found = modules("filesRead", files=files)
    assert not [outcome for outcome in found if "fault" in outcome]
    return found


numbers = st.one_of(
    st.integers(-2, 600), st.integers(2**31 - 2, 2**31 + 2), st.integers(2**53 - 2, 2**65), st.floats()
)
scalars = st.one_of(numbers, st.none(), st.booleans(), st.text(max_size=5))
junk = st.recursive(scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner))


@st.composite
def mutations(draw) -> bytes:
    """A file that is not as it was written, or still is."""
    data = bytearray(unsigned())
    kind = draw(st.sampled_from(["bytes", "cut", "longer", "header", "entry", "offsets", "shape", "blanks"]))
    if kind == "bytes":
        for _ in range(draw(st.integers(1, 8))):
            # The header is where a byte matters most.
            most = draw(st.sampled_from([8, 400, len(data)]))
            data[draw(st.integers(0, most - 1))] = draw(st.integers(0, 255))
        return bytes(data)
    if kind == "cut":
        return bytes(data[: draw(st.integers(0, len(data)))])
    if kind == "longer":
        return bytes(data) + draw(st.binary(max_size=8))
    header, rest = parts(bytes(data))
    name = draw(st.sampled_from(sorted(header)))
    if kind == "blanks":  # numbers at odd addresses
        return whole(header, rest, draw(st.integers(0, 3)))
    if kind == "header":
        header[draw(st.sampled_from([name, "__proto__", "constructor", "", "other"]))] = draw(junk)
    elif kind == "entry" and name != "__metadata__":
        header[name][draw(st.sampled_from(["dtype", "shape", "data_offsets", "further"]))] = draw(
            st.one_of(junk, st.sampled_from(["F16", "F32", "F64", "BF16", "I64", "U8", "toString"]))
        )
    elif name != "__metadata__":
        field = "data_offsets" if kind == "offsets" else "shape"
        values = header[name][field]
        values[draw(st.integers(0, len(values) - 1))] = draw(numbers)
    return whole(header, rest)


@settings(max_examples=6, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(files=st.lists(mutations() | st.binary(max_size=64), min_size=60, max_size=60))
def test_any_bytes_are_read_as_python_reads_them_or_refused_in_a_sentence(modules, files):
    for data, outcome in zip(files, outcomes(modules, files), strict=True):
        if "sentence" in outcome:
            assert outcome["sentence"].startswith("it.safetensors ") and outcome["sentence"].endswith(".")
            continue
        try:
            tensors = tensors_in(data, "it.safetensors")
        except UserError as error:
            raise AssertionError(f"only the browser reads this file; Python: {error}\n{data!r}") from None
        assert sorted(outcome["made"]) == sorted(tensors)


def overlapping(header, rest):
    """Two tensors of one size in one place, and what lay in the other's place is nobody's."""
    same = [name for name, entry in header.items() if entry.get("shape") == [2, 2, 3, 3]]
    header[same[0]]["data_offsets"] = header[same[1]]["data_offsets"]
    return whole(header, rest)


def apart(header, rest):
    """The last tensor lies four bytes further."""
    last = max(entry["data_offsets"] for entry in header.values() if "data_offsets" in entry)
    last[:] = [offset + 4 for offset in last]
    return whole(header, rest + b"\0" * 4)


def vast(header, rest):
    """A shape whose product is no exact number."""
    next(entry for entry in header.values() if "shape" in entry)["shape"] = [2**53 - 1] * 8
    return whole(header, rest)


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (overlapping, "overlap, or leave gaps"),
        (apart, "overlap, or leave gaps"),
        (vast, "another size than its shape"),
        (lambda header, rest: whole(header, rest[:-1]), "outside the file"),
        (lambda header, rest: whole(header, rest + b"\0"), "not as long as its header says"),
        (lambda header, rest: whole(header, rest, blanks=2**21), "longer than 2 MiB"),
        (lambda header, rest: (2**63).to_bytes(8, "little") + rest, "longer than 2 MiB"),
        (lambda header, rest: whole([header], rest), "not a JSON object"),
    ],
)
def test_a_header_that_lies_is_refused(modules, harm, says):
    [outcome] = outcomes(modules, [harm(*parts(unsigned()))])
    assert says in outcome["sentence"]


def test_a_byte_that_flipped_is_noticed_wherever_python_notices_it(modules, file_of, random_model):
    data = file_of(random_model(CONFIG))["bytes"]
    step = max(1, len(data) // 300)
    files = []
    for at in range(0, len(data), step):
        flipped = bytearray(data)
        flipped[at] ^= 1 << at % 8
        files.append(bytes(flipped))
    unharmed, *damaged = outcomes(modules, [data, *files])
    assert "made" in unharmed
    unnoticed = [file for file, outcome in zip(files, damaged, strict=True) if "made" in outcome]
    assert len(unnoticed) < 0.01 * len(files)  # in the checksum's own name
    for file in unnoticed:
        tensors_in(file, "as Python sees it")


@pytest.mark.parametrize("atlas", ["mnist", "street-digits"])
def test_files_that_ship_are_sound(modules, atlas):
    folder = Atlas.shipped(atlas).path
    files = [*sorted((folder / "models").iterdir())[::20], folder / "parent.safetensors"]
    assert all("made" in outcome for outcome in outcomes(modules, [file.read_bytes() for file in files]))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_a_weight_that_is_not_finite_is_refused(modules, file_of, random_model, dtype, value):
    model = random_model(CONFIG)
    with torch.no_grad():
        model.picture_head.out.weight.view(-1)[3] = value
    [outcome] = outcomes(modules, [file_of(model, dtype=dtype)["bytes"]])
    assert outcome["sentence"] == "it.safetensors has weights that are not finite numbers."


@pytest.mark.parametrize(
    "config",
    [
        None,
        [],
        "config",
        {"layers": 0},
        {"layers": 1e9},
        {"width": 2.5},
        {"image_shape": [1, 30, 32]},
        {"image_shape": [1, 32]},
        {"inference": "toString"},
        {"likelihood": None},
        {"variance": "1"},
        {"variance": 0},
        {"depth": 3},
    ],
)
def test_a_config_that_describes_no_model_is_refused(modules, config):
    config = {**CONFIG.to_dict(), **config} if isinstance(config, dict) else config
    [outcome] = outcomes(modules, [unsigned(config=config)])
    assert "has no usable model config" in outcome["sentence"]


@pytest.mark.parametrize("range_", [None, [1], [1, 1], [0, 1], ["0.1", 10], [0.1, 1e400], {"0": 1}])
def test_a_parent_without_a_usable_range_is_refused(modules, range_):
    [outcome] = outcomes(modules, [unsigned(beta_range=range_)])
    assert outcome["sentence"] in (
        "it.safetensors has no usable range of β.",
        # JSON as other programs write it has no infinity.
        "it.safetensors was not written by this program: it says nothing about its model.",
    )
