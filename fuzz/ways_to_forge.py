"""Ways to forge an atlas and sign it: files stay well-formed, and atlas.json has their checksums."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from forged_folder import content_of, rewrite, sign

Forge = Callable[[Path], object]


def on_table(change: Callable[[pd.DataFrame], pd.DataFrame | None]) -> Forge:
    """Return a forgery of metrics.parquet; `change` returns another table or changes the one it is given."""

    def forge(folder: Path) -> None:
        table = pd.read_parquet(folder / "metrics.parquet")
        changed = change(table)
        (table if changed is None else changed).to_parquet(folder / "metrics.parquet", index=False)
        sign(folder)

    return forge


def put(row: int = 1, **values: float) -> Forge:
    """Return a forgery of numbers in one row."""

    def change(table: pd.DataFrame) -> None:
        for column, value in values.items():
            table.loc[row, column] = value

    return on_table(change)


def scaled(*columns: str, by: float) -> Forge:
    """Return a forgery of whole columns."""
    return on_table(lambda table: table.assign(**{column: table[column] * by for column in columns}))


def summed(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Forge:
    """Return a forgery of rates or distortion by someone who knows that totals are sums."""

    def consistent(table: pd.DataFrame) -> pd.DataFrame:
        table = change(table)
        total = table["rate_z2"] + table["rate_z1"]
        return table.assign(rate_total=total, neg_elbo=table["distortion"] + total)

    return on_table(consistent)


def on_manifest(change: Callable[[dict], object]) -> Forge:
    """Return a forgery of atlas.json."""

    def forge(folder: Path) -> None:
        content = content_of(folder)
        change(content)
        rewrite(folder, content)

    return forge


def on_text(file: str, old: str, new: str) -> Forge:
    """Return a forgery of a text in a file, or in a safetensors header."""

    def forge(folder: Path) -> None:
        path = folder / file if file.endswith(".json") else weights(folder, file)[0]
        if file.endswith(".json"):
            text = path.read_text()
            assert old in text
            path.write_text(text.replace(old, new, 1))
            return
        header, body = parts(path)
        about = header["__metadata__"]["hvae"]
        assert old in about
        header["__metadata__"]["hvae"] = about.replace(old, new, 1)
        join(path, header, body)
        sign(folder)

    return forge


def on_headers(which: str, change: Callable[[dict], object]) -> Forge:
    """Return a forgery of the metadata of files of weights; which: see `weights`."""

    def forge(folder: Path) -> None:
        for path in weights(folder, which):
            header, body = parts(path)
            about = json.loads(header["__metadata__"]["hvae"])
            about.pop("sha256", None)
            change(about)
            header["__metadata__"]["hvae"] = json.dumps(about)
            join(path, header, body)
        sign(folder)

    return forge


def on_tensors(which: str, change: Callable[[dict[str, np.ndarray]], object]) -> Forge:
    """Return a forgery of weights with an unchanged header."""

    def forge(folder: Path) -> None:
        from safetensors.numpy import load, save

        for path in weights(folder, which):
            header, _ = parts(path)
            about = json.loads(header["__metadata__"]["hvae"])
            about.pop("sha256", None)
            tensors = {name: array.copy() for name, array in load(path.read_bytes()).items()}
            change(tensors)
            path.write_bytes(save(tensors, {"hvae": json.dumps(about)}))
        sign(folder)

    return forge


def weights(folder: Path, which: str) -> list[Path]:
    """Return the files of weights for a word: `models`, `point`, `parent`, `classifier`."""
    models = sorted((folder / "models").iterdir())
    return {"models": models, "point": models[1:2]}.get(which) or [folder / f"{which}.safetensors"]


def parts(path: Path) -> tuple[dict, bytes]:
    """Return the header and the rest of a safetensors file."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def join(path: Path, header: dict, body: bytes) -> None:
    """Write a safetensors file."""
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def in_turn(*forges: Forge) -> Forge:
    """Return a forgery that makes several forgeries, one after another."""
    return lambda folder: [forge(folder) for forge in forges]


def rotated(folder: Path) -> None:
    """Rename every checkpoint to the next one's name."""
    files = weights(folder, "models")
    contents = [file.read_bytes() for file in files]
    for file, content in zip(files, [*contents[1:], contents[0]], strict=True):
        file.write_bytes(content)
    sign(folder)


def of_another_atlas(*names: str) -> Forge:
    """Return files from an atlas of the same plan with another seed."""

    def forge(folder: Path) -> None:
        other = folder.parent / "another"
        if not other.exists():
            from honest_atlas import honest_atlas

            honest_atlas(other, seed=1)
        for name in names:
            for path in other.glob(name):
                shutil.copy(path, folder / path.relative_to(other))
        sign(folder)

    return forge


def everywhere(**fields: object) -> Forge:
    """Fields of the models' config, changed in atlas.json and in every header."""

    def change(about: dict) -> None:
        about["config"].update(fields)
        about.get("made_from", {"model": {}})["model"].update(fields)

    return in_turn(
        on_headers("models", change),
        on_headers("parent", change),
        on_manifest(lambda content: content["model"].update(fields)),
    )


def silent(about: dict) -> None:
    """Reduce a header to its config, as in a first release."""
    for key in set(about) - {"config", "beta_range"}:
        del about[key]


def renamed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows' checkpoints, each moved to the next row."""
    return table.assign(checkpoint=np.roll(table["checkpoint"].to_numpy(), 1))


def brighter(tensors: dict[str, np.ndarray]) -> None:
    """Another model of the same shapes."""
    for name in tensors:
        tensors[name] = tensors[name] * np.float32(0.8)
