"""Whether a folder holds an atlas of the same plan, and in words, how it differs."""

from __future__ import annotations

from pathlib import Path

from hvae.architectures.registry import DEFAULT
from hvae.atlas.atlas import Manifest
from hvae.datasets.contents import Contents, difference
from hvae.datasets.folder import PREFIX
from hvae.errors import UserError


def refuse_other_plan(path: Path, found: Manifest, wanted: Manifest) -> None:
    """Raise UserError, which names the first difference, unless both manifests have the same plan."""
    fields = ["betas", "seed", "model", "parent_recipe", "recipe", "classes", "data", "weights"]
    if not all(manifest.dataset.startswith(PREFIX) and manifest.data for manifest in (found, wanted)):
        fields.insert(0, "dataset")
    elif (
        found.data != wanted.data and found.side == wanted.side
    ):  # pictures are identified by their checksum, in any folder
        change = what_changed(contents_of(found), contents_of(wanted))
        raise UserError(
            f"{path} holds an atlas made from other pictures{change}: restore them, or name another folder."
        )
    for name in fields:
        there, asked = getattr(found, name), getattr(wanted, name)
        if there != asked:
            if name == "parent_recipe" and not (there and asked):
                raise UserError(
                    f"{path} holds an atlas made {'with' if there else 'without'} a parent: "
                    f"{'leave out' if there else 'add'} --from-scratch, or name another folder."
                )
            if name.endswith("recipe"):
                of = "parent's " if name == "parent_recipe" else ""
                key = next(key for key in {**asked, **there} if asked.get(key) != there.get(key))
                name, there, asked = f"{of}{key}", there.get(key), asked.get(key)
            if name == "model":
                name, there, asked = other_options(there, asked)
            if name == "weights":
                name = "precision of weights"
            raise UserError(
                f"{path} holds an atlas made with another {name} ({short(there)}, not {short(asked)}): "
                "repeat that command to continue it, or name another folder."
            )


def other_options(there: dict, asked: dict) -> tuple[str, str, str]:
    """Which fields of two models' configs differ, in words, and what they are in each."""
    there, asked = ({"architecture": DEFAULT, **model} for model in (there, asked))
    names = [name for name in asked if there.get(name) != asked[name]]
    words = ["size" if name == "image_shape" else name for name in names]
    values = (
        ", ".join(str(model[name][-1] if name == "image_shape" else model[name]) for name in names)
        for model in (there, asked)
    )
    return " and ".join(words), *values


def contents_of(manifest: Manifest) -> Contents | None:
    """Return what atlas.json keeps of a folder's contents."""
    if manifest.pictures is None:
        return None
    names = manifest.classes or [""]
    counts = (manifest.pictures.train, manifest.pictures.test)
    return Contents(*(dict(zip(names, numbers, strict=True)) for numbers in counts))


def what_changed(before: Contents | None, now: Contents | None) -> str:
    """Return a clause about how a folder's pictures differ from those of an atlas; empty if unknown."""
    return f" ({difference(before, now)})" if before and now else ""


def short(value: object) -> str:
    """Return a value, cut to what fits in a sentence."""
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"
