"""Data sets that torchvision downloads and reads."""

from __future__ import annotations

import contextlib
import io
import os
import socket
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hvae.datasets.images import Images, Split, reason
from hvae.datasets.known.torchvision_sets import Source
from hvae.datasets.resize import bordered, scaled
from hvae.errors import UserError

# Otherwise a firewall that drops packets silently would hold up a run for minutes per mirror.
_NETWORK_TIMEOUT_SECONDS = 30


def load_torchvision(source: Source, split: Split, root: Path, download: bool, size: int) -> Images:
    """Return one split, downloaded if it is missing. Raises UserError if that is impossible."""
    try:
        # First without download: files on disk must load without a network, and without new folders.
        data_set = source.open(split, root, download=False)
    except Exception as error:  # torchvision's readers let nearly any exception out on a damaged file
        missing = any(not os.path.isfile(path) for path in source.paths(split, root))
        replaceable = source.pinned and download and not isinstance(error, OSError)
        if not missing and not replaceable:
            raise UserError(_damaged(source, split, root, error)) from error
        if not download:
            raise UserError(
                _missing(source, split, root, "downloading is off", "allow the download")
            ) from error
        data_set = _download(source, split, root)

    images = _as_images(source, data_set)
    right_shape = images.images.shape[1:] in ((1, 28, 28), (3, 32, 32)) and len(images) > 0
    right_labels = len(images) == len(images.labels) and bool(
        ((images.labels >= 0) & (images.labels < len(images.classes))).all()
    )
    if not (right_shape and right_labels):
        raise UserError(_damaged(source, split, root))
    return bordered(images, size) if images.images.shape[1] == 1 else scaled(images, size)


def _download(source: Source, split: Split, root: Path) -> Any:
    folder = source.paths(split, root)[0].parent
    new_folders = [path for path in (folder, *folder.parents) if not path.exists()]
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_NETWORK_TIMEOUT_SECONDS)
    try:
        # Some torchvision versions print every attempt. The progress bar goes to stderr, and stays.
        with contextlib.redirect_stdout(io.StringIO()):
            return source.open(split, root, download=True)
    except Exception as error:  # from the network, the disk, the archive or the md5 check
        for path in new_folders:
            with contextlib.suppress(OSError):
                path.rmdir()
        problem = f"it could not be downloaded ({reason(error)})"
        raise UserError(_missing(source, split, root, problem, "connect to the internet")) from error
    finally:
        socket.setdefaulttimeout(timeout)


def _as_images(source: Source, data_set: Any) -> Images:
    classes = tuple("0123456789") if source.digit_classes else tuple(data_set.classes)
    if source.torchvision_name == "SVHN":
        pixels, labels = data_set.data, data_set.labels.reshape(-1)
    elif source.torchvision_name == "CIFAR10":
        pixels, labels = data_set.data.transpose(0, 3, 1, 2), data_set.targets
    else:
        pixels, labels = data_set.data.unsqueeze(1), data_set.targets
    if isinstance(pixels, np.ndarray):
        pixels = torch.from_numpy(np.ascontiguousarray(pixels))
    return Images(pixels, torch.as_tensor(labels, dtype=torch.int64), classes)


def _missing(source: Source, split: Split, root: Path, problem: str, remedy: str) -> str:
    paths = source.paths(split, root)
    absent = [path.name for path in paths if not os.path.isfile(path)]
    # An unusable file has a wrong md5: usually a download that was cut short.
    state = f"has no {absent[0]}" if absent else "holds a damaged copy"
    holds = paths[0].relative_to(root)
    return (
        f"{source.title} is not ready: {paths[0].parent} {state}, and {problem}; {remedy} and run again, "
        f"or pass --data-dir with the folder that holds {holds}."
    )


def _damaged(source: Source, split: Split, root: Path, error: Exception | None = None) -> str:
    paths = source.paths(split, root)
    what = paths[0] if len(paths) == 1 else f"the {source.title} files in {paths[0].parent}"
    if isinstance(error, OSError):
        return f"Cannot read {what} ({reason(error)}); make them readable, or pass another --data-dir."
    return f"Cannot use {what}, damaged or incomplete; delete them and run again to download them afresh."
