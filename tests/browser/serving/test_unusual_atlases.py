"""Atlases unlike the one that ships: every view of them is whole, and says what is not there."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from atlas_builder import add_parent, build_atlas
from pages import CAN_BE_SCROLLED_TO, UNDRAWN

from app.page.views import VIEWS
from hvae.config import HVAEConfig
from hvae.files import sha256, write_json

NAN = math.nan
RATES = ("rate_z2", "rate_z1", "rate_total")
COLOUR = HVAEConfig(image_shape=(3, 32, 32), top_dim=8, channels=2, width=8)


def scores(count):
    """Columns that `build_atlas` leaves out, best at the last point."""
    rising = np.linspace(0.2, 0.9, count)
    probes = [f"acc_{probe}_z2" for probe in ("logistic", "linear_svm", "rbf_svm", "knn")]
    return {
        **{column: list(rising) for column in (*probes, "sharpness")},
        "diversity": list(6 + rising),
        "inception_score": list((6 + rising) * rising),
        "mi_z2": list(2 * rising),
    }


def without_parent(folder):
    return build_atlas(folder, metrics=scores(9))


def one_point(folder):
    return build_atlas(folder, betas=(1.0,), metrics=scores(1))


def nothing_measured(folder):
    columns = (*RATES, "psnr", "distortion", "neg_elbo")
    return build_atlas(folder, metrics=dict.fromkeys(columns, [NAN] * 9))


def no_rates(folder):
    return build_atlas(folder, metrics=scores(9) | dict.fromkeys(RATES, [NAN] * 9))


def holes_in_its_metrics(folder):
    spoiled = {column: [NAN, *values[1:5], math.inf, *values[6:]] for column, values in scores(9).items()}
    return build_atlas(folder, metrics=spoiled | {"rate_z2": [NAN, 20, 20, 10, 5, 3, 2, 1, 0.0]})


def many_points(folder):
    betas = tuple(float(f"{beta:.6g}") for beta in np.geomspace(0.1, 10, 15))
    return build_atlas(folder, betas=betas, metrics=scores(225))


def colour_images(folder):
    return add_parent(build_atlas(folder, config=COLOUR, metrics=scores(9)))


def without_classes(folder):
    return add_parent(build_atlas(folder, classes=()))


def one_class(folder):
    return build_atlas(folder, classes=("cats",))


def one_test_image(folder):
    """Of one class, and without standard errors: only accuracies and scores of samples use labels."""
    measured = {column: values for column, values in scores(9).items() if column != "mi_z2"}
    sharpness = np.linspace(0.8, 0.9, 9)  # of two classes, no score is above 2
    measured |= {
        "diversity": [1.5] * 9,
        "sharpness": list(sharpness),
        "inception_score": list(1.5 * sharpness),
    }
    return build_atlas(folder, metrics=measured, classes=("cats", "dogs"), examples=1)


def unfinished(folder):
    """A third of its grid is not there yet, among it the standard VAE."""
    build_atlas(folder)
    table = pd.read_parquet(folder / "metrics.parquet")
    missing = table.iloc[[1, 4, 8]]
    table.drop(missing.index).reset_index(drop=True).to_parquet(folder / "metrics.parquet")
    manifest = json.loads((folder / "atlas.json").read_text())
    for checkpoint in missing["checkpoint"]:
        (folder / checkpoint).unlink()
        del manifest["files"][checkpoint]
    manifest["files"]["metrics.parquet"] = sha256(folder / "metrics.parquet")
    write_json(folder / "atlas.json", manifest)
    return folder


ATLASES = (
    without_parent,
    one_point,
    nothing_measured,
    no_rates,
    holes_in_its_metrics,
    many_points,
    colour_images,
    without_classes,
    one_class,
    one_test_image,
    unfinished,
)

WITHOUT_LABELS = {
    "without_classes": "These pictures have no classes: what needs labels is not shown.",
    "one_class": "These pictures are all of one class: what needs labels is not shown.",
}
"""What is said of them in every view, once."""

SIZES = [(1440, 900), (390, 844)]
ON_A_PHONE = ("one_point", "no_rates", "colour_images")
"""Those whose words or panels differ most; a walk through all views takes its time."""

IS_SETTLED = f"""(view) => document.querySelector('.page').dataset.view === view
    && [...document.querySelectorAll('canvas.picture')].every(
    (image) => !image.offsetParent || image.dataset.state === 'shown')
    && [...document.querySelectorAll('.main-svg')].every(
    (drawn) => drawn.getBoundingClientRect().right <= innerWidth || ({CAN_BE_SCROLLED_TO})(drawn))
    && ({UNDRAWN})().length === 0"""

FAULTS = r"""() => {
    const faults = [], canBeScrolledTo = CAN_BE_SCROLLED_TO;
    const isSeen = (one) => one.checkVisibility({visibilityProperty: true}) && one.offsetWidth !== 0;
    if (document.documentElement.scrollWidth > innerWidth) faults.push('the page is wider than the window');
    for (const one of [...document.querySelectorAll('.page *')].filter(isSeen)) {
        const box = one.getBoundingClientRect();
        const words = one.childElementCount ? '' : one.textContent;
        const isBeyond = box.right > innerWidth + 0.5 || box.left < -0.5;
        if (!one.closest('svg') && isBeyond && !canBeScrolledTo(one))
            faults.push(`beyond the window: ${one.outerHTML.slice(0, 100)}`);
        if (/\b(NaN|undefined|null|Infinity|inf|nan)\b/.test(words)) faults.push(`says ${words}`);
        if (one.matches('.panel, .linked-figure, .strip, .compare-column') && !one.textContent.trim())
            faults.push(`empty without words: ${one.outerHTML.slice(0, 100)}`);
    }
    return faults;
}""".replace("CAN_BE_SCROLLED_TO", CAN_BE_SCROLLED_TO)


@pytest.fixture(scope="module", params=ATLASES, ids=lambda build: build.__name__)
def address_and_sizes(request, serve, tmp_path_factory):
    name = request.param.__name__
    address = serve(request.param(tmp_path_factory.mktemp(name) / name))
    return address, SIZES[: 1 + (name in ON_A_PHONE)], WITHOUT_LABELS.get(name)


def test_every_view_of_it_is_whole(open_page, address_and_sizes):
    address, sizes, without_labels = address_and_sizes
    ready = "#landscapes-0 :is(.scatterlayer .point, .annotation)"
    page = open_page(address, ready=ready, reduced_motion="reduce").page
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.keyboard.press("p")
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        for key, view in enumerate(VIEWS, start=1):
            page.keyboard.press(str(key))
            page.wait_for_function(IS_SETTLED, arg=view)
            faults = page.evaluate(FAULTS)
            assert faults == [], (view, width, faults)
            if without_labels:
                assert page.get_by_text(without_labels, exact=True).filter(visible=True).count() == 1, view
    assert said == []


def test_where_rates_are_missing_that_is_what_is_said_and_not_of_what_is_there(open_page, serve, tmp_path):
    address = serve(no_rates(tmp_path / "rateless"))
    explorer = open_page(address, ready="#landscapes-0 .annotation")
    assert "has rates yet" in explorer.page.locator("#landscapes-0 .annotation").text_content()
    assert explorer.text("#landscapes-note-0") == "9 of 9 models left out: no rates or PSNR."
    assert explorer.text("#stat-psnr").endswith("dB")
    explorer.page.keyboard.press("5")
    explorer.wait_until_shown("", ("model-samples",))
    numbers = explorer.page.locator("#flow .flow-value").all_text_contents()
    assert numbers == ["–"] * 4, "the sum of two unknown rates is not 0"


def test_numbers_on_diagonals_survive_another_scale_and_back(open_page, tiny_address):
    ready = "#reconstruction-0 .scatterlayer .point"
    explorer = open_page(f"{tiny_address}?view=reconstruction", ready=ready)
    numbers = """() => [...document.querySelectorAll('#reconstruction-0 .annotation-text')]
        .map((text) => text.textContent.trim()).filter(Boolean).join()"""
    before = explorer.page.evaluate(numbers)
    assert before
    for axes in ("log", "linear"):
        explorer.page.evaluate(f"hvae.screen.set({{axes: '{axes}'}})")
        explorer.page.wait_for_function(
            f"() => document.querySelector('#reconstruction-0 .js-plotly-plot').layout.xaxis.type "
            f"{'===' if axes == 'log' else '!=='} 'log' && ({numbers})().length"
        )
    assert explorer.page.evaluate(numbers) == before
