"""Nothing in a figure hides what a reader looks for: symbols lie above dots, labels beside them."""

import itertools

import numpy as np
import pandas as pd
import pytest

from app.page.figures.generation import product_figure, score_figure
from app.page.figures.look import AXES, Look
from app.page.figures.planes import banded_plane_figure, landscape_figure
from app.page.figures.reconstruction import distortion_figure, psnr_figure
from app.page.figures.representation import information_figure
from app.page.points import points_table
from hvae.atlas.atlas import Atlas

SIZES = ("psnr", "acc_rbf_svm_z2", "inception_score")
WIDTH, HEIGHT = 260, 210  # of a figure beside two others on a small laptop, without its margins
LETTER, LINE = 6.5, 13  # in pixels, of the type that figures are drawn with


@pytest.fixture(scope="module", params=["mnist", "street-digits"])
def atlas(request):
    return Atlas.shipped(request.param)


def figures(atlas, look):
    table, ceiling = points_table(atlas), atlas.manifest.ceiling
    counts = np.unique(atlas.examples().labels, return_counts=True)[1]
    return {
        **{f"landscape {place}": landscape_figure(table, SIZES, place, look) for place in range(3)},
        "bands of PSNR": banded_plane_figure(table, "psnr", look),
        "bands of scores": banded_plane_figure(table, "inception_score", look),
        "psnr": psnr_figure(table, look),
        "distortion": distortion_figure(table, look),
        "information": information_figure(table, "z2", counts / counts.sum(), look),
        "score": score_figure(table, "inception_score", "rate_total", ceiling, look),
        "product": product_figure(table, ceiling, look),
    }


def pixels(figure, x, y):
    """From the lower left corner, (N, 2)."""
    along = []
    for numbers, axis, side in ((x, figure.layout.xaxis, WIDTH), (y, figure.layout.yaxis, HEIGHT)):
        low, high = axis.range
        numbers = np.log10(numbers) if axis.type == "log" else np.asarray(numbers, float)
        along.append(side * (numbers - low) / (high - low))
    return np.stack(along, axis=1)


def symbols(figure):
    """[(name, place, diameter)] of the symbols on dots, in the order in which they are drawn."""
    names = [part.name for part in figure.data]
    assert "points" not in names[names.index("points") + 1 :]
    above = figure.data[names.index("points") + 1 :]
    return [
        (part.name, place, diameter)
        for part in above
        for place, diameter in zip(
            pixels(figure, part.x, part.y), np.broadcast_to(part.marker.size, len(part.x)), strict=True
        )
    ]


@pytest.mark.parametrize("axes", AXES)
def test_no_symbol_hides_another(atlas, axes):
    for title, figure in figures(atlas, Look(axes=axes)).items():
        for (name, place, diameter), (other, there, its) in itertools.combinations(symbols(figure), 2):
            hidden = np.linalg.norm(place - there) + diameter / 2 <= its / 2 + 1
            assert not hidden, f"{title}: {other} hides {name}"


def test_a_symbol_has_one_meaning_in_all_figures():
    meanings = {}
    for figure in figures(Atlas.shipped("mnist"), Look()).values():
        for part in figure.data:
            if part.mode == "markers" and part.name != "points":
                meanings.setdefault(part.marker.symbol, set()).add(part.name)
    assert meanings == {
        "triangle-up": {"optimum of psnr"},
        "diamond": {"optimum of acc_rbf_svm_z2"},
        "circle": {"optimum of inception_score"},
        "x": {"standard"},
        "star": {"best of each band"},
        "pentagon": {"real images"},
    }


def test_three_optima_on_the_standard_vae_are_all_seen():
    betas = [0.1, 1.0, 10.0]
    table = pd.DataFrame(list(itertools.product(betas, betas)), columns=["beta_2", "beta_1"])
    table["point"] = [f"p{index}" for index in range(9)]
    table["rate_z2"], table["rate_z1"] = np.linspace(1, 30, 9), np.linspace(50, 2, 9)
    for metric in SIZES:
        table[metric] = np.where(np.arange(9) == 4, 0.9, 0.1)
    found = symbols(landscape_figure(table, SIZES, 0, Look()))
    assert [name for name, *_ in found] == [*(f"optimum of {metric}" for metric in SIZES), "standard"]
    diameters = np.array([diameter for *_, diameter in found])
    assert (diameters[:-1] >= 1.5 * diameters[1:]).all()


@pytest.mark.parametrize("axes", AXES)
def test_labels_stand_inside_the_figure_clear_of_dots_symbols_and_one_another(atlas, axes):
    written = 0
    for title, figure in figures(atlas, Look(axes=axes)).items():
        taken = []
        for part in figure.data:
            if part.mode == "markers":
                sizes = np.broadcast_to(part.marker.size, len(part.x))
                taken += [
                    (*(place - size / 2), *(place + size / 2))
                    for place, size in zip(pixels(figure, part.x, part.y), sizes, strict=True)
                ]
        for label in figure.layout.annotations:
            box = box_of(figure, label)
            assert box[0] > -3 and box[1] > -3 and box[2] < WIDTH + 3 and box[3] < HEIGHT + 3, title
            for other in taken:
                apart = max(box[0] - other[2], other[0] - box[2], box[1] - other[3], other[1] - box[3])
                assert apart > -2, f"{title}: {label.text}"
            taken.append(box)
            written += 1
    assert written >= 8


def box_of(figure, label):
    axes = (figure.layout.xaxis, figure.layout.yaxis)
    numbers = [
        10.0**at if axis.type == "log" else at for at, axis in zip((label.x, label.y), axes, strict=True)
    ]
    ((x, y),) = pixels(figure, *([number] for number in numbers))
    width = LETTER * len(label.text)
    left = x + label.xshift - {"left": 0, "center": width / 2, "right": width}[label.xanchor]
    bottom = y + label.yshift - {"bottom": 0, "middle": LINE / 2, "top": LINE}[label.yanchor]
    return left, bottom, left + width, bottom + LINE
