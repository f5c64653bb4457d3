"""Forge atlases that no honest run can make, and count which check notices each.

    python fuzz/impossible.py [--verbose] [--shallow]

Every forgery is signed: files are well-formed, and atlas.json has their checksums. Most are refused when they
are opened, or by `verify`, with the reason. The others are found by measuring again, or pass. Takes two
minutes of CPU; with --shallow, without measuring, a quarter of a minute.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from impossible_atlases import OTHERS, SEEN_BY, of_columns


def seen_by(folder: Path, deep: bool) -> tuple[str, list[str]]:
    """Return which check first notices that an atlas is forged, and the message. deep: measure again, too."""
    from hvae import Atlas, UserError
    from hvae.atlas.checks.measured_again import compared, images_to_measure, judge_differences
    from hvae.atlas.verify import problems

    try:
        atlas = Atlas.open(folder)
    except UserError as error:
        return "opening", [str(error)]
    if said := problems(folder):
        return "verify", said
    if deep:
        test = images_to_measure(atlas, None)
        said = judge_differences(atlas, test)
        for point in compared(atlas, list(atlas.metrics["checkpoint"]), test):
            said += point.differences
        if said:
            return "verify --deep", said
    return "nobody", []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--verbose", action="store_true", help="print every forgery and the message about it")
    parser.add_argument("--shallow", action="store_true", help="do not measure again")
    arguments = parser.parse_args()
    from honest_atlas import honest_atlas

    seen, wrong = Counter(), 0
    with tempfile.TemporaryDirectory(prefix="impossible-") as place:
        sound = honest_atlas(Path(place) / "sound")
        assert seen_by(sound, deep=not arguments.shallow) == ("nobody", [])
        forgeries = [*of_columns(), *OTHERS]
        for forgery in forgeries:
            folder = shutil.copytree(sound, Path(place) / "forged")
            forgery.forge(folder)
            noticed, said = seen_by(folder, deep=not arguments.shallow)
            shutil.rmtree(folder)
            seen[noticed] += 1
            late = SEEN_BY.index(noticed) > SEEN_BY.index(forgery.seen_by)
            late = late and not (arguments.shallow and forgery.seen_by == "verify --deep")
            wrong += late
            if arguments.verbose or late:
                print(
                    f"{forgery.name}: {noticed}{', TOO LATE' if late else ''}",
                    *said[:2],
                    sep="\n    ",
                    flush=True,
                )
    for who in SEEN_BY:
        print(f"{who:14}{seen[who]:5}")
    unseen = len(forgeries) - seen["opening"] - seen["verify"]
    share = 100 * unseen / len(forgeries)
    print(f"{unseen} of {len(forgeries)} forgeries ({share:.0f} %) pass verify without --deep.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
