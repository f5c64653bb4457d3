"""The layout of a folder of pictures.

The class and split of each file, and the files that are passed over.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from hvae.atlas.manifest import MAX_CLASS_NAME, MAX_CLASSES
from hvae.datasets.images import Split
from hvae.errors import UserError, printable

LEFT_BEHIND = {
    "__macosx",
    "__pycache__",
    "@eadir",
    "@tmp",
    "@recycle",
    "@recently-snapshot",
    "@__thumb",
    "#recycle",
    "#snapshot",
    "$recycle.bin",
    "recycler",
    "recycled",
    "system volume information",
    "lost+found",
    "network trash folder",
    "temporary items",
    "thumbs.db",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "desktop.ini",
    "folder.htt",
    "icon\r",
    "cvs",
}
"""Files of systems and tools, in lower case; names that begin with a dot or with ~$ count as well."""

TRAIN_FOLDERS = ("train", "training")
TEST_FOLDERS = ("test", "testing", "val", "valid", "validation")
"""Sub-folders that are the splits. If there are several for testing, the first in this order is used."""

IN_SUB_FOLDERS = "in sub-folders"
BESIDE_CLASSES = "beside the class folders"
MOST_NAMES_BYTES = 500_000
"""Limit of all class names together: atlas.json has to hold them."""
LONGEST_ENDING = 12
HEIF = {".heic", ".heif", ".hif"}


@dataclass
class Layout:
    """The pictures of a folder.

    files: class → split → its pictures, sorted; the only class is "" if they have none. Split None: the
    folder has no split. passed_over: kind → number of files.
    """

    files: dict[str, dict[Split | None, list[Path]]]
    passed_over: Counter[str] = field(default_factory=Counter)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, sorted; empty if pictures have none."""
        return () if list(self.files) == [""] else tuple(self.files)

    @property
    def pictures(self) -> list[Path]:
        """All pictures."""
        return [file for splits in self.files.values() for files in splits.values() for file in files]


def is_left_behind(name: str) -> bool:
    """Return whether a file or folder of this name belongs to a system or a tool, not to the user."""
    return name.startswith((".", "~$")) or name.lower() in LEFT_BEHIND


def endings() -> set[str]:
    """Return the endings of files that can be opened, such as `.png`; HEIC if pillow-heif is installed."""
    try:
        import pillow_heif

        pillow_heif.register_heif_opener()
    except ImportError:
        pass
    from PIL import features

    known = {ending for ending, kind in Image.registered_extensions().items() if kind in Image.OPEN}
    return known if features.check("avif") else known - {".avif", ".avifs"}


def find_pictures(root: Path) -> Layout:
    """Return the pictures in a folder.

    They lie in class folders or in the folder itself, or so in its `train/` and `test/` (or `val/`).
    Raises UserError for any other layout, or if an atlas cannot hold a class's name, and OSError if a folder
    cannot be listed.
    """
    known = endings()
    here = _Listing(root, known)
    layout = _split_layout(here) or _plain_layout(here)
    _check_names(root, layout.classes)
    return layout


class _Listing:
    """The contents of a folder, without files of systems: pictures, folders, and other files by kind."""

    def __init__(self, path: Path, known: set[str]) -> None:
        self.path, self.known = path, known
        names = sorted(path / name for name in os.listdir(path) if not is_left_behind(name))
        self.folders = [name for name in names if name.is_dir()]
        folders = set(self.folders)
        files = [name for name in names if name not in folders]
        self.pictures = [name for name in files if name.suffix.lower() in known]
        self.others = Counter(_kind(name) for name in files if name.suffix.lower() not in known)

    def inner(self) -> list[_Listing]:
        """Return the folders in it, listed."""
        return [_Listing(folder, self.known) for folder in self.folders]

    def below(self) -> int:
        """Return the number of files in its folders, at any depth."""
        return sum(map(_files_below, self.folders))

    @property
    def is_empty(self) -> bool:
        return not (self.folders or self.pictures or self.others)


def _plain_layout(here: _Listing) -> Layout:
    """Return the layout of a folder without a split."""
    files, passed_over = _by_class(here)
    return Layout({name: {None: pictures} for name, pictures in files.items()}, passed_over)


def _split_layout(here: _Listing) -> Layout | None:
    """Return the layout of a folder with `train/` and `test/` or `val/`; None for any other folder."""
    named = {folder.name.lower(): folder for folder in here.folders}
    train, test = (
        next((named[name] for name in names if name in named), None)
        for names in (TRAIN_FOLDERS, TEST_FOLDERS)
    )
    if train is None or test is None:
        return None
    inside = {folder: _Listing(folder, here.known) for folder in here.folders}
    # Folders of these names may be classes: then they hold pictures themselves, beside other classes.
    others = [inside[folder] for folder in here.folders if folder.name.lower() not in _SPLIT_FOLDERS]
    if any(other.pictures for other in others) and not inside[train].folders:
        return None
    parts: dict[Split, dict[str, list[Path]]] = {}
    passed_over = Counter(here.others)
    for split, folder in (("train", train), ("test", test)):
        parts[split], more = _by_class(inside[folder])
        passed_over += more
    flat = {split: folder for split, folder in (("train", train), ("test", test)) if "" in parts[split]}
    if len(flat) == 1:
        (without,) = flat.values()
        sorted_one = test if without == train else train
        raise UserError(
            f"{printable(without)} holds pictures without classes and {printable(sorted_one)} has classes: "
            f"sort both alike, or name folder:{printable(sorted_one)} alone."
        )
    if here.pictures:
        passed_over[f"beside {train.name} and {test.name}"] += len(here.pictures)
    for folder in here.folders:
        if folder not in (train, test) and (count := _files_below(folder)):
            passed_over[f"in {printable(folder.name)[:60]}"] += count
    classes = sorted({*parts["train"], *parts["test"]})
    return Layout(
        {name: {split: parts[split].get(name, []) for split in ("train", "test")} for name in classes},
        passed_over,
    )


_SPLIT_FOLDERS = {*TRAIN_FOLDERS, *TEST_FOLDERS}


def _by_class(here: _Listing) -> tuple[dict[str, list[Path]], Counter[str]]:
    """Return class → its pictures, and the files passed over.

    The only class is "" for pictures without classes.
    """
    inner = here.inner()
    classes = [folder for folder in inner if folder.pictures]
    passed_over = Counter(here.others)
    where = printable(here.path)
    if here.pictures and len(classes) == 1:
        raise UserError(
            f"{where} holds pictures itself and in its sub-folder {printable(classes[0].path.name)}: move "
            "either elsewhere, or all into class folders."
        )
    if here.pictures and not classes:
        passed_over[IN_SUB_FOLDERS] += here.below()
        return {"": here.pictures}, +passed_over
    if not classes and not any(not folder.is_empty for folder in inner):
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in passed_over.items())
        raise UserError(
            f"{where} holds no sub-folder with images in it, nor images{f', only {kinds}' if kinds else ''}; "
            "put images (PNG, JPEG, …) into it, or a sub-folder of them for each class."
        )
    for folder in inner:
        if not folder.pictures and not folder.is_empty:
            # Without this error, a class would be lost silently: of HEIC photos, for example, or a folder too
            # deep.
            raise UserError(_no_picture_in(folder))
        passed_over += folder.others
        passed_over[IN_SUB_FOLDERS] += folder.below()
    passed_over[BESIDE_CLASSES] += len(here.pictures)
    return {folder.path.name: folder.pictures for folder in classes}, +passed_over


def _no_picture_in(folder: _Listing) -> str:
    where = printable(folder.path)
    deeper = next((inner for inner in folder.inner() if inner.pictures), None)
    if deeper:
        return (
            f"{where} has no picture in it, but folders of pictures, {printable(deeper.path.name)} for one; "
            f"name folder:{where}, or move the pictures up."
        )
    names = [name for name in sorted(os.listdir(folder.path)) if not is_left_behind(name)]
    kinds = {_kind(Path(name)) for name in names}
    remedy = "install pillow-heif" if kinds & HEIF else "put images (PNG, JPEG, …) right into it"
    return (
        f"{where} has no image that can be opened, only {printable(names[0])} and the like; {remedy}, or "
        "move it elsewhere."
    )


def _kind(path: Path) -> str:
    """Return the kind of a file that is no picture: its ending."""
    ending = path.suffix.lower()
    if not ending:
        return "without an ending"
    return ending if len(ending) <= LONGEST_ENDING and ending.isprintable() and ending.isascii() else "others"


def _files_below(folder: Path) -> int:
    """Return the number of files in a folder, at any depth, without files of systems; no link is followed."""
    found = 0
    for _, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not is_left_behind(name)]
        found += sum(not is_left_behind(name) for name in files)
    return found


def _check_names(root: Path, classes: tuple[str, ...]) -> None:
    """Raise UserError for classes that atlas.json could not hold."""
    for name in classes:
        where = printable(root / name)
        try:
            name.encode()
        except UnicodeEncodeError:
            raise UserError(
                f"The name of the class folder {where} is not UTF-8; rename the folder and run again."
            ) from None
        if len(name) > MAX_CLASS_NAME:
            raise UserError(
                f"The name of the class folder {printable(name[:40])}… in {printable(root)} has {len(name)} "
                f"characters, and at most {MAX_CLASS_NAME} can be kept; rename the folder and run again."
            )
    if len(classes) > MAX_CLASSES or sum(len(name.encode()) for name in classes) > MOST_NAMES_BYTES:
        raise UserError(
            f"{printable(root)} has {len(classes):,} classes; at most {MAX_CLASSES:,} can be kept, with "
            f"names of {MOST_NAMES_BYTES:,} bytes in all: take fewer, or shorten their names."
        )
