"""The licences of what an export holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path

from hvae.datasets.registry import licence_of

PACKAGES = ("dash", "dash-mantine-components", "plotly")
BUNDLED = {
    "plotly.js": "Copyright 2012-2026, Plotly, Inc.",
    "React": "Copyright (c) Meta Platforms, Inc. and affiliates.",
    "Mantine": "Copyright (c) 2021 Vitaly Rtishchev",
}
"""What these packages bring of other authors, all of it under the MIT licence."""

MIT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial
portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""

SUITE = re.compile(r"/_dash-component-suites/(?P<package>\w+)/(?P<file>.+)")
"""The address of a package's script."""
FINGERPRINT = re.compile(r"\.v\w+m\d+")
"""What Dash puts into a script's address: version and time."""
NOTICES = ".LICENSE.txt"
"""What a bundler adds to the name of a script, for the notices of all that it has put into it."""

OTHER_DATA = "{dataset}: see where the data set is from; its licence holds for the test images."


def licences(datasets: Iterable[str], scripts: Iterable[str]) -> str:
    """Return the licences of this program, of what it shows pages with, and of data sets' test images.

    scripts: addresses of the scripts that an export holds.
    """
    parts = [f"HVAE Explorer\n\n{_own()}"]
    parts += [f"{name}\n\n{_of_package(name)}" for name in PACKAGES]
    parts += [f"{name}\n\n{notice}\n\n{MIT}" for name, notice in BUNDLED.items()]
    if notices := "\n\n".join(dict.fromkeys(filter(None, map(_notices, scripts)))):
        parts.append(f"Parts of the scripts of Dash\n\n{notices}")
    # Where its maker's pictures are is nobody's business.
    names = dict.fromkeys(name.split(":")[0] for name in datasets)
    parts.append(
        "Test images\n\n" + "\n".join(licence_of(one) or OTHER_DATA.format(dataset=one) for one in names)
    )
    rule = "\n" + 100 * "-" + "\n\n"
    return rule.join(part.strip() + "\n" for part in parts)


def _own() -> str:
    file = Path(__file__).parent.parent.parent / "LICENSE"
    return file.read_text(encoding="utf-8") if file.is_file() else _of_package("hvae-explorer")


def _notices(script: str) -> str:
    """The notices that lie beside a package's script; empty if none do."""
    found = SUITE.fullmatch(script)
    if not found:
        return ""
    file = files(found["package"]) / (FINGERPRINT.sub("", found["file"]) + NOTICES)
    return file.read_text(encoding="utf-8").strip() if file.is_file() else ""


def _of_package(name: str) -> str:
    try:
        for file in distribution(name).files or ():
            if file.name.startswith("LICENSE") and ".dist-info" in str(file):
                return file.locate().read_text(encoding="utf-8")  # type: ignore[attr-defined]
    except (PackageNotFoundError, OSError):
        pass
    return f"The MIT licence:\n\n{MIT}"
