"""Forge atlases that no honest run can make, and count which check notices.

Opening, verify, or verify --deep.
    python fuzz/impossible.py [--verbose] [--shallow]

Every forgery is signed: files are well-formed, and atlas.json has their checksums. Most are refused when they
are opened, or by `verify`, with the reason. The others are found by measuring again, or pass. Takes two
minutes of CPU; with --shallow, without measuring, a quarter of a minute.
"""

from __future__ import annotations

import argparse
import json
import shutil
import struct
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from forged_folder import content_of, rewrite, sign

Forge = Callable[[Path], object]
SEEN_BY = ("opening", "verify", "verify --deep", "nobody")


class Forgery(NamedTuple):
    """A way to forge an atlas, by name. seen_by: the first check of SEEN_BY that must notice it."""

    name: str
    forge: Forge
    seen_by: str = "opening"


# ------------------------------------------------------------------------------------------------ the tools


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


# -------------------------------------------------------------------------------------------- the forgeries


def of_columns() -> Iterator[Forgery]:
    """Yield forgeries of every measured column and its error: negative, or a hundred thousand."""
    from hvae.metrics.registry import metric_columns

    for column in metric_columns():
        yield Forgery(f"{column} is −7", put(**{column: -7.0}))
        yield Forgery(f"{column} is 10⁵", put(**{column: 1e5}))
        yield Forgery(f"{column}_se is −0.1", put(**{f"{column}_se": -0.1}))
        yield Forgery(f"{column}_se is 10⁵", put(**{f"{column}_se": 1e5}))


BETWEEN_COLUMNS = [
    Forgery("the total is no sum", scaled("rate_total", by=1.1)),
    Forgery("−ELBO below the distortion", on_table(lambda t: t.assign(neg_elbo=t["distortion"] - 5))),
    Forgery("−ELBO is no sum", scaled("neg_elbo", by=0.99)),
    Forgery(
        "rates swapped", on_table(lambda t: t.rename(columns={"rate_z2": "rate_z1", "rate_z1": "rate_z2"}))
    ),
    Forgery(
        "rates swapped in a row", on_table(lambda t: t.assign(rate_z2=t["rate_z1"], rate_z1=t["rate_z2"]))
    ),
    Forgery("rates of the next point", summed(lambda t: t.assign(rate_z2=np.roll(t["rate_z2"], 1)))),
    Forgery("negative rates", summed(lambda t: t.assign(rate_z1=-t["rate_z1"]))),
    Forgery("an accuracy of 170 %", put(acc_rbf_svm_z2=1.7)),
    Forgery("a share of other images", put(acc_knn_z1=0.9)),
    Forgery("all accuracies higher, errors as they were", scaled("acc_logistic_z2", by=1.5)),
    Forgery("the score is no product", put(inception_score=1.5)),
    Forgery("diversity beyond the classes", put(diversity=40.0, sharpness=0.25, inception_score=10.0)),
    Forgery("sharpness below chance", put(sharpness=0.05, diversity=20.0, inception_score=1.0)),
    Forgery("a score below 1", put(inception_score=0.5, diversity=1.0, sharpness=0.5)),
    Forgery("information beyond H[y]", put(mi_z2=2.4)),
    Forgery("information beyond log K", put(mi_z1=9.0)),
    Forgery("information far below 0", put(mi_z2=-4.0)),
    Forgery("distortion below that of perfect pictures", summed(lambda t: t.assign(distortion=500.0))),
    Forgery("distortion beyond that of any picture", summed(lambda t: t.assign(distortion=1e4))),
    Forgery("a PSNR below 0", put(psnr=-3.0)),
    Forgery("errors of rates ten times as large", scaled("rate_z1_se", by=1e3)),
    Forgery("errors that do not add up", scaled("rate_total_se", by=3)),
    Forgery("errors of another number of images", put(acc_linear_svm_z2_se=0.001)),
    Forgery("an accuracy without doubt", put(acc_linear_svm_z2_se=0.0)),
    Forgery("infinite information", put(mi_z2=np.inf), "verify"),
    Forgery("an infinite rate", put(rate_z2=np.inf), "verify"),
    Forgery("a rate that is no number", put(rate_z2=np.nan), "verify"),
]

OF_PLACES = [
    Forgery("another atlas's table", of_another_atlas("metrics.parquet")),
    Forgery("another atlas's checkpoints", of_another_atlas("models/*")),
    Forgery("another atlas's table and checkpoints", of_another_atlas("metrics.parquet", "models/*")),
    Forgery("another atlas's parent", of_another_atlas("parent.safetensors"), "verify"),
    Forgery("checkpoints rotated on the disk", rotated),
    Forgery("checkpoints rotated in the table", on_table(renamed)),
    Forgery("β swapped", on_table(lambda t: t.assign(beta_2=t["beta_1"], beta_1=t["beta_2"]))),
    Forgery("a point twice", put(beta_2=0.5, beta_1=0.5)),
    Forgery("a point off the grid, at another's name", put(beta_2=0.7)),
    Forgery("a point beyond the parent", put(beta_2=50.0)),
    Forgery("another grid", on_manifest(lambda c: c["betas"].update(beta_2=[0.5, 3.0]))),
    Forgery("a β twice in the grid", on_manifest(lambda c: c["betas"].update(beta_2=[0.5, 0.5, 2.0]))),
    Forgery("a checkpoint of other β", on_headers("point", lambda a: a["betas"].update(beta_2=3.0))),
    Forgery("a checkpoint of no β", on_headers("point", lambda a: a.update(betas="x"))),
    Forgery(
        "a checkpoint of other rates",
        on_headers("point", lambda a: a.update(dimension_rates_z2=[9.0, 8.0, 7.0])),
    ),
    Forgery(
        "a checkpoint of another name", on_headers("point", lambda a: a["made_from"].update(names=["x"]))
    ),
    Forgery(
        "a checkpoint of other data",
        on_headers("point", lambda a: a["made_from"].update(data={"train": "2" * 64})),
    ),
    Forgery("a checkpoint of another seed", on_headers("point", lambda a: a["made_from"].update(seed=7))),
    Forgery(
        "a checkpoint of another recipe",
        on_headers("point", lambda a: a["made_from"]["recipe"].update(epochs=9)),
    ),
    Forgery(
        "a checkpoint of another model",
        on_headers("point", lambda a: a["made_from"]["model"].update(variance=0.1)),
    ),
    Forgery("a checkpoint made from nothing", on_headers("point", lambda a: a.update(made_from=[]))),
    Forgery("a checkpoint of another precision", on_headers("point", lambda a: a.update(weights="float16"))),
    Forgery(
        "the headers' config changed",
        on_headers("models", lambda a: a["config"].update(variance=0.4)),
        "verify",
    ),
    Forgery(
        "a key twice in a checkpoint",
        on_text("point", '"betas"', '"betas": {"beta_2": 9, "beta_1": 9}, "betas"'),
        "verify",
    ),
]

OF_THE_MANIFEST = [
    *(
        Forgery(
            f"a ceiling's {name} of {value:g}",
            on_manifest(lambda c, name=name, value=value: c["ceiling"].update({name: value})),
        )
        for name in ("inception_score", "diversity", "sharpness", "classifier_accuracy")
        for value in (1e5, -1.0, 0.01)
        if (name, value) != ("classifier_accuracy", 0.01)
    ),
    Forgery("a ceiling's error of 10⁵", on_manifest(lambda c: c["ceiling"].update(diversity_se=1e5))),
    Forgery(
        "a ceiling that is no product",
        on_manifest(lambda c: c["ceiling"].update(inception_score=1.01 * c["ceiling"]["inception_score"])),
    ),
    Forgery("another seed", on_manifest(lambda c: c.update(seed=5))),
    Forgery("another data set", on_manifest(lambda c: c.update(dataset="mnist"))),
    Forgery("other data", on_manifest(lambda c: c["data"].update(train="3" * 64))),
    Forgery("another recipe", on_manifest(lambda c: c["recipe"].update(epochs=50))),
    Forgery("another parent's recipe", on_manifest(lambda c: c["parent_recipe"].update(epochs=50))),
    Forgery("another variance", on_manifest(lambda c: c["model"].update(variance=0.25))),
    Forgery("another width", on_manifest(lambda c: c["model"].update(width=8))),
    Forgery("another precision", on_manifest(lambda c: c.update(weights="float16"))),
    Forgery("a key twice", on_text("atlas.json", '"seed": 0', '"seed": 0, "seed": 0')),
    Forgery(
        "a class fewer",
        on_manifest(lambda c: c.update(classes=c["classes"][:9], label_frequencies=[])),
        "verify",
    ),
    Forgery("labels that do not add up", on_manifest(lambda c: c.update(label_frequencies=[0.5] * 10))),
    Forgery(
        "a version that is none", on_manifest(lambda c: c["made_with"].update(torch="of yesterday")), "verify"
    ),
    Forgery(
        "a definition from the future",
        on_manifest(lambda c: c["evaluation"].update(reconstruction='{"version": 99}')),
        "verify",
    ),
    Forgery(
        "a definition of no version",
        on_manifest(lambda c: c["evaluation"].update(probes='{"version": "1"}')),
        "verify",
    ),
    Forgery(
        "a definition that is no JSON",
        on_manifest(lambda c: c["evaluation"].update(probes="today's")),
        "verify",
    ),
    Forgery(
        "a definition with a key twice",
        on_manifest(lambda c: c["evaluation"].update(probes='{"version": 1, "version": 1}')),
        "verify",
    ),
    Forgery(
        "scores by another judge",
        on_manifest(
            lambda c: c["evaluation"].update(generation='{"version": 1, "samples": 500, "classifier": "x"}')
        ),
        "verify",
    ),
]

OF_OTHER_WEIGHTS = [
    Forgery(
        "a judge for seven classes",
        on_headers("classifier", lambda a: a["classifier"].update(classes=7)),
        "verify",
    ),
    Forgery(
        "a judge of colours",
        on_headers("classifier", lambda a: a["classifier"].update(in_channels=3)),
        "verify",
    ),
    Forgery("no judge in its place", on_headers("classifier", lambda a: a.pop("classifier")), "verify"),
    Forgery(
        "a judge that is no number",
        on_tensors(
            "classifier",
            lambda t: t.update({n: a * np.float16("nan") for n, a in t.items() if a.dtype == np.float16}),
        ),
        "verify",
    ),
    Forgery(
        "a parent of another range",
        on_headers("parent", lambda a: a.update(beta_range=[0.01, 100.0])),
        "verify",
    ),
    Forgery(
        "a parent of another seed", on_headers("parent", lambda a: a["made_from"].update(seed=9)), "verify"
    ),
    Forgery(
        "a parent of another config", on_headers("parent", lambda a: a["config"].update(top_dim=5)), "verify"
    ),
    Forgery("a parent that lost a tensor", on_tensors("parent", lambda t: t.pop(sorted(t)[0])), "verify"),
]

MEASURED_FALSELY = [
    Forgery("a variance changed everywhere", everywhere(variance=0.45), "verify --deep"),
    Forgery(
        "checkpoints rotated, their headers silent",
        in_turn(on_headers("models", silent), rotated),
        "verify --deep",
    ),
    Forgery(
        "another atlas's checkpoints, their headers silent",
        in_turn(of_another_atlas("models/*"), on_headers("models", silent)),
        "verify --deep",
    ),
    Forgery("other weights under the same header", on_tensors("point", brighter), "verify --deep"),
    Forgery(
        "R(z₁|z₂) halved, sums and errors with it",
        summed(lambda t: t.assign(rate_z1=t["rate_z1"] / 2)),
        "verify --deep",
    ),
    Forgery(
        "distortion 20 nats lower",
        summed(lambda t: t.assign(distortion=t["distortion"] - 20)),
        "verify --deep",
    ),
    Forgery("3 dB more", on_table(lambda t: t.assign(psnr=t["psnr"] + 3)), "verify --deep"),
    Forgery("scores 1 % higher", scaled("diversity", "inception_score", by=1.01), "verify --deep"),
    Forgery(
        "a ceiling's accuracy of 97 %",
        on_manifest(lambda c: c["ceiling"].update(classifier_accuracy=0.97, classifier_accuracy_se=0.0246)),
        "verify --deep",
    ),
    Forgery(
        "labels of other frequencies",
        on_manifest(lambda c: c.update(label_frequencies=[0.2, 0.0, *[0.1] * 8])),
        "verify --deep",
    ),
    Forgery("information 0.1 nats higher", on_table(lambda t: t.assign(mi_z1=t["mi_z1"] + 0.1)), "nobody"),
    Forgery("an accuracy with its error", put(acc_knn_z2=0.5, acc_knn_z2_se=(0.25 / 48) ** 0.5), "nobody"),
]


OTHERS = [*BETWEEN_COLUMNS, *OF_PLACES, *OF_THE_MANIFEST, *OF_OTHER_WEIGHTS, *MEASURED_FALSELY]
"""All forgeries except those of single columns."""


# ---------------------------------------------------------------------------------------------- who notices


def seen_by(folder: Path, deep: bool) -> tuple[str, list[str]]:
    """Return which check first notices that an atlas is forged, and the message. deep: measure again, too."""
    from hvae import Atlas, UserError
    from hvae.atlas.measured_again import compared, images_to_measure, judge_differences
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
