"""Ways to forge an atlas: each changes the folder of a sound atlas, and returns what it did.

Most forgeries are signed: atlas.json gets the checksums of the forged files, as a stranger would do it.
"""

from __future__ import annotations

import copy
import io
import json
import os
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from forged_folder import ENDINGS, NASTY, content_of, files_of, rewrite, sign
from mutated_tables import table


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """Return the path of every value in a JSON tree."""
    found = [path]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        # Most values hold no others: of those, a call each would take a tenth of the time of all forgeries.
        found += places(inner, (*path, key)) if isinstance(inner, dict | list) else [(*path, key)]
    return found


def mutated(value: Any, rng: random.Random) -> tuple[Any, str]:
    """Return a JSON tree with one place changed, and what was done."""
    *above, last = rng.choice(places(value)[1:])
    parent = value
    for key in above:
        parent = parent[key]
    how = rng.choice(["replace", "replace", "replace", "remove", "add", "repeat", "scale"])
    new = copy.deepcopy(rng.choice(NASTY))  # it may be changed in its turn
    if how == "remove":
        del parent[last]
    elif how == "add" and isinstance(parent, dict):
        parent[str(rng.choice(NASTY))[:1000] + rng.choice(ENDINGS)] = new
    elif how == "repeat" and isinstance(parent, list):
        parent.extend([parent[last]] * rng.choice([1, 100, 10**4]))
    elif how == "scale" and isinstance(parent[last], int | float):
        parent[last] *= rng.choice([-1, 0, 2, 1000, 10**9, 10**12])
    else:
        parent[last] = new
    return value, f"{how} {'.'.join(map(str, (*above, last)))[:60]}"


# ------------------------------------------------------------------------------------------------- the ways


def a_field(folder: Path, rng: random.Random) -> str:
    content, what = mutated(content_of(folder), rng)
    rewrite(folder, content)
    return what


def several_fields(folder: Path, rng: random.Random) -> str:
    content, said = content_of(folder), []
    for _ in range(rng.randint(2, 6)):
        content, what = mutated(content, rng)
        said.append(what)
    rewrite(folder, content)
    return "; ".join(said)


def text_of_json(folder: Path, rng: random.Random) -> str:
    path = folder / "atlas.json"
    text = bytearray(path.read_bytes())
    kind = rng.choice(["bytes", "cut", "nest", "digits", "comma", "utf-16", "long", "deep keys"])
    at = rng.randrange(len(text))
    if kind == "bytes":
        for _ in range(rng.randint(1, 8)):
            text[rng.randrange(len(text))] = rng.randrange(256)
    elif kind == "cut":
        del text[at:]
    elif kind == "nest":
        text[at:at] = rng.choice([b"[", b'{"a":']) * 10**5
    elif kind == "digits":
        text[at:at] = b"9" * rng.choice([10, 5000, 10**6])
    elif kind == "comma":
        text[at:at] = rng.choice([b",", b"}", b"NaN", b"1e999", b"\xff\xfe", b'"'])
    elif kind == "utf-16":
        text = bytearray(bytes(text).decode().encode("utf-16"))
    elif kind == "long":
        text = bytearray(b" " * rng.choice([10**6, 3 * 10**6]) + text)
    else:
        text = bytearray(b"{" + b",".join(b'"%d":{}' % n for n in range(10**5)) + b"}")
    path.write_bytes(text)
    return kind


def some_bytes(folder: Path, rng: random.Random) -> str:
    path = rng.choice(files_of(folder))
    data = bytearray(path.read_bytes())
    kind = rng.choice(["flip", "flip", "flip", "ends", "cut", "add", "remove", "zeros", "empty", "swap"])
    at = rng.randrange(len(data))
    if kind == "flip":
        for _ in range(rng.choice([1, 1, 4, 64])):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == "ends":  # where formats keep their sizes
        near = rng.randrange(min(200, len(data)))
        data[rng.choice([near, -near - 1])] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)])
    elif kind == "cut":
        del data[at:]
    elif kind == "add":
        data[at:at] = rng.randbytes(rng.choice([1, 8, 1000]))
    elif kind == "remove":
        del data[at : at + rng.choice([1, 8, 1000])]
    elif kind == "zeros":
        data[at : at + 64] = bytes(len(data[at : at + 64]))
    elif kind == "empty":
        data.clear()
    else:
        data = bytearray(rng.choice(files_of(folder)).read_bytes())
    path.write_bytes(data)
    signed = rng.random() < 0.85
    if signed:
        sign(folder)
    return f"{kind} {path.name}{'' if signed else ', not signed'}"


def a_size(folder: Path, rng: random.Random) -> str:
    path = rng.choice([*files_of(folder), folder / "atlas.json"])
    size = 2 ** rng.choice([0, 10, 20, 24, 27, 30, 36, 42])
    os.truncate(path, size)
    if size <= 2**24 and path.name != "atlas.json":
        sign(folder)
    return f"{path.name} of {size} bytes"


def no_file(folder: Path, rng: random.Random) -> str:
    """Return a link, a pipe, a device, a folder, or nothing in place of a file or of models/."""
    path = rng.choice([*files_of(folder), folder / "atlas.json", folder / "models"])
    aside = folder.parent / f"{folder.name}-aside"
    path.rename(aside)
    kind = rng.choice(
        ["link", "absolute link", "loop", "pipe", "device", "folder", "nothing", "link to /dev/zero"]
    )
    if kind == "link":
        path.symlink_to(os.path.relpath(aside, path.parent))
    elif kind == "absolute link":
        path.symlink_to(aside)
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "link to /dev/zero":
        path.symlink_to("/dev/zero")
    elif kind == "device":
        try:
            os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero
        except OSError:  # only root may
            os.mkfifo(path)
    return f"{kind} for {path.name}"


def safetensors_header(folder: Path, rng: random.Random) -> str:
    path = rng.choice([path for path in files_of(folder) if path.suffix == ".safetensors"])
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    kind = rng.choice(["tree", "tree", "metadata", "metadata", "length", "shape", "dtype", "nest", "long"])
    if kind == "tree":
        header, kind = mutated(header, rng)
    elif kind == "metadata":
        inner, kind = mutated(json.loads(header["__metadata__"]["hvae"]), rng)
        header["__metadata__"]["hvae"] = json.dumps(inner)
    elif kind == "shape":
        name = rng.choice([name for name in header if name != "__metadata__"])
        header[name]["shape"] = rng.choice(
            [[10**12], [2**32, 2**32], [0, 10**12], [2**64], [-1], [], [1] * 1000]
        )
    elif kind == "dtype":
        name = rng.choice([name for name in header if name != "__metadata__"])
        header[name]["dtype"] = rng.choice(
            ["F64", "F16", "BF16", "I64", "BOOL", "C64", "F8_E4M3", "F4", "U8", "object"]
        )
    text = json.dumps(header).encode(errors="surrogatepass")
    if kind == "nest":
        text = b'{"a":' * 10**5 + b"1" + b"}" * 10**5
    elif kind == "long":
        text += b" " * 3 * 2**20
    claimed = rng.choice([0, 1, 2**31, 2**63, 2**64 - 1, len(data)]) if kind == "length" else len(text)
    path.write_bytes(struct.pack("<Q", claimed) + text + body)
    sign(folder)
    return f"{kind} in {path.name}"


def network(folder: Path, rng: random.Random) -> str:
    """Return another architecture and config, which atlas.json and the headers of all weights agree upon."""
    names = ["residual", "xiao-bamler", "local", "of-nobody", "antigravity", "hvae.model"]
    fields = {"architecture": copy.deepcopy(rng.choice(names if rng.random() < 0.7 else NASTY))}
    if rng.random() < 0.5:
        name = rng.choice(
            ["width", "channels", "top_dim", "layers", "image_shape", "inference", "likelihood"]
        )
        sizes = [0, 1, 2, 64, 1024, 4096, 10**12, [1, 4, 4], [1, 28, 28], [1, 1024, 1024], [2**40, 8, 8]]
        fields[name] = rng.choice([*sizes, "ladder", "bernoulli"])
    content = content_of(folder)
    content["model"].update(fields)
    rewrite(folder, content)
    for path in files_of(folder):
        if path.suffix == ".safetensors":
            data = path.read_bytes()
            (length,) = struct.unpack("<Q", data[:8])
            header = json.loads(data[8 : 8 + length])
            about = json.loads(header["__metadata__"]["hvae"])
            about.pop("sha256", None)
            for config in (about.get("config"), about.get("made_from", {}).get("model")):
                if config:
                    config.update(fields)
            header["__metadata__"]["hvae"] = json.dumps(about)
            text = json.dumps(header).encode(errors="surrogatepass")
            path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])
    sign(folder)
    return ", ".join(f"{name} {value!r}"[:60] for name, value in fields.items())


def weights(folder: Path, rng: random.Random) -> str:
    from safetensors.numpy import load, save

    path = rng.choice([path for path in files_of(folder) if path.suffix == ".safetensors"])
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    metadata = json.loads(data[8 : 8 + length])["__metadata__"]
    tensors = {name: array.copy() for name, array in load(data).items()}
    name = rng.choice(sorted(tensors))
    kind = rng.choice(
        ["nan", "inf", "huge", "missing", "more", "transposed", "float64", "ints", "empty", "none"]
    )
    if kind in ("nan", "inf", "huge"):
        tensors[name] = np.full_like(
            tensors[name], {"nan": np.nan, "inf": np.inf, "huge": 3e38}[kind], dtype="f4"
        )
    elif kind == "missing":
        del tensors[name]
    elif kind == "more":
        tensors["another"] = np.zeros(3, np.float32)
    elif kind == "transposed":
        tensors[name] = np.ascontiguousarray(tensors[name].T)[None]
    elif kind in ("float64", "ints"):
        tensors[name] = tensors[name].astype({"float64": "f8", "ints": "i8"}[kind])
    elif kind == "empty":
        tensors[name] = np.zeros((0, 3), np.float32)
    else:
        tensors = {}
    path.write_bytes(save(tensors, metadata))
    sign(folder)
    return f"{kind} {name} in {path.name}"


def npy(array: np.ndarray, shape: object = None, descr: str | None = None) -> bytes:
    """Return a .npy file, with a header that may lie."""
    text = repr({"descr": descr or array.dtype.str, "fortran_order": False, "shape": shape or array.shape})
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text.encode() + b"\n" + array.tobytes()


def examples(folder: Path, rng: random.Random) -> str:
    images = np.zeros((4, 1, 32, 32), np.uint8)
    labels = npy(np.arange(4))
    packing = zipfile.ZIP_DEFLATED
    entries: list[tuple[str, bytes]] = []
    kind = rng.choice(
        ["objects", "dtype", "shape", "bomb", "bomb that lies", "bzip2", "lzma", "many", "missing", "labels"]
        + ["names", "header", "version", "zip in zip", "none", "twice", "floats"]
    )
    content = npy(images)
    if kind == "objects":
        file = io.BytesIO()
        np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
        content = file.getvalue()
    elif kind == "dtype":
        content = npy(
            images, descr=rng.choice(["<f8", "|O", "|S1000000000", "<U9", "|V1", "<M8[s]", ">i8", "|b1"])
        )
    elif kind == "shape":
        far = [
            (10**12, 1, 32, 32),
            (2**64, 1, 32, 32),
            (-1, 1, 32, 32),
            (0, 1, 32, 32),
            (4096,),
            (4, 1, 32, 1e9),
        ]
        content = npy(images, rng.choice([*far, "x", (4, 1, 32, 32) * 40, (0, 2**62, 2**62, 32)]))
    elif kind in ("bomb", "bomb that lies"):
        content = npy(np.zeros((2**15, 1, 32, 32), np.uint8), images.shape if rng.random() < 0.5 else None)
    elif kind in ("bzip2", "lzma"):
        packing = zipfile.ZIP_BZIP2 if kind == "bzip2" else zipfile.ZIP_LZMA
    elif kind == "many":
        entries = [(f"{number}.npy", b"") for number in range(5000)]
    elif kind == "labels":
        labels = rng.choice(
            [npy(np.arange(5)), npy(np.full(4, -1)), npy(np.full(4, 2**62)), npy(np.zeros((4, 1)))]
        )
    elif kind == "names":
        entries = [("../../images.npy", b"x"), ("/etc/passwd", b"x"), ("images.npy/..", b"x")]
    elif kind == "header":
        hostile = rng.choice(
            [b"(" * 5000, b"__import__('os').system('id')", b"{'descr': 1}", b"{" * 900, b"\xff" * 9]
        )
        content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(hostile)) + hostile
    elif kind == "version":
        content = rng.choice([b"\x93NUMPY\x03\x00", b"\x93NUMPY\x09\x00", b"\x80\x04N.", b""]) + content[8:]
    elif kind == "zip in zip":
        content = zlib.compress(zlib.compress(bytes(10**7)))
    elif kind == "floats":
        content = npy(images.astype(float))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, data in [
            *entries,
            *([("images.npy", content)] if kind != "missing" else []),
            ("labels.npy", labels),
        ]:
            archive.writestr(name, data)
        if kind == "twice":
            archive.writestr("images.npy ", content)
    data = bytearray(b"" if kind == "none" else file.getvalue())
    if kind == "bomb that lies":
        data = data.replace(struct.pack("<I", len(content)), struct.pack("<I", 4096 + 80))
    elif rng.random() < 0.3 and data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    (folder / "examples.npz").write_bytes(data)
    sign(folder)
    return kind


WAYS: dict[Callable[[Path, random.Random], str], int] = {
    a_field: 20,
    network: 4,
    several_fields: 6,
    text_of_json: 8,
    some_bytes: 20,
    a_size: 4,
    no_file: 8,
    safetensors_header: 10,
    weights: 5,
    examples: 7,
    table: 8,
}
"""Way → how many of 100 forgeries are made that way."""


def forge(folder: Path, rng: random.Random) -> tuple[str, str]:
    """Forge the atlas in `folder` in one way, and return the way's name and what was done."""
    (way,) = rng.choices(list(WAYS), list(WAYS.values()))
    return way.__name__.replace("_", " "), way(folder, rng)
