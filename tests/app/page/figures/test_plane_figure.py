"""The rate plane as a function of the metrics."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from app.page.figures.axes import left_out
from app.page.figures.bands import band_edges, best_of_bands, diagonal
from app.page.figures.colours import CORNERS, UNKNOWN, colour_code, dot_colours
from app.page.figures.look import Look
from app.page.figures.marks import INK, diameters
from app.page.figures.planes import PLANE, banded_plane_figure, landscape_figure, optimum_text, plane_note

BETAS = [0.1, 1.0, 10.0]
LOOK = Look()


def plane_figure(metrics, metric, look=LOOK):
    return landscape_figure(metrics, [metric, None, None], 0, look)


@pytest.fixture
def metrics():
    table = pd.DataFrame(list(itertools.product(BETAS, BETAS)), columns=["beta_2", "beta_1"])
    table["point"] = [f"p{index}" for index in range(9)]
    table["rate_z2"] = np.linspace(1, 30, 9)
    table["rate_z1"] = np.linspace(50, 2, 9)
    table["rate_total"] = table["rate_z2"] + table["rate_z1"]
    table["psnr"] = np.linspace(12, 24, 9)
    table["distortion"] = np.linspace(800, 900, 9)
    table["inception_score"] = [1.0, 2, 3, 9, 4, 3, 2, 1, 1]
    table["inception_score_se"] = 0.0335
    return table


def trace(figure, name):
    return next(part for part in figure.data if part.name == name)


def placed(figure):
    """Point → its dot's place, size and colour."""
    dots = trace(figure, "points")
    return {
        point: (x, y, size, colour)
        for point, x, y, size, colour in zip(
            dots.ids, dots.x, dots.y, dots.marker.size, dots.marker.color, strict=True
        )
    }


def test_every_point_is_at_its_rates(metrics):
    dots = placed(plane_figure(metrics, "psnr"))
    for _, row in metrics.iterrows():
        assert dots[row["point"]][:2] == (row["rate_z2"], row["rate_z1"])


def test_in_bits_rates_are_those_in_nats_over_log_2(metrics):
    figure = plane_figure(metrics, "psnr", Look(units="bits"))
    x, y, *_ = placed(figure)["p3"]
    assert x == pytest.approx(np.log2(np.exp(metrics["rate_z2"][3])))
    assert y == pytest.approx(np.log2(np.exp(metrics["rate_z1"][3])))
    assert figure.layout.xaxis.title.text == "R(z₂), bits per image"


def test_on_logarithmic_axes_rates_below_the_floor_are_drawn_on_it_and_said_to_be(metrics):
    metrics.loc[[0, 1], "rate_z2"] = [0.0, 1e-5]
    figure = plane_figure(metrics, "psnr", Look(axes="log"))
    dots = placed(figure)
    assert dots["p0"][0] == dots["p1"][0] == 0.01 and dots["p2"][0] == metrics["rate_z2"][2]
    axis = figure.layout.xaxis
    assert axis.type == "log" and axis.ticktext[0] == "≤ 0.01" and axis.tickvals[0] == pytest.approx(0.01)
    assert axis.range[0] < -2 and axis.range[1] > math.log10(30)


def test_larger_dots_lie_behind_smaller_ones(metrics):
    sizes = list(trace(plane_figure(metrics, "inception_score"), "points").marker.size)
    assert sizes == sorted(sizes, reverse=True) and len(set(sizes)) > 1


def test_all_planes_mark_all_three_optima_each_by_the_symbol_of_its_goal(metrics):
    metrics["acc_rbf_svm_z2"] = np.linspace(0.9, 0.1, 9)
    chosen = ["psnr", "acc_rbf_svm_z2", "inception_score"]
    expected = {
        "psnr": (8, "triangle-up"),
        "acc_rbf_svm_z2": (0, "diamond"),
        "inception_score": (3, "circle"),
    }
    for place in range(3):
        figure = landscape_figure(metrics, chosen, place, LOOK)
        for metric, (index, symbol) in expected.items():
            mark = trace(figure, f"optimum of {metric}")
            assert (mark.x[0], mark.y[0]) == tuple(metrics.loc[index, list(PLANE)])
            assert mark.marker.symbol == symbol and mark.ids is None


def test_the_optimum_is_told_with_its_standard_error(metrics):
    assert optimum_text(metrics, "inception_score", LOOK) == "best 9.00 ± 0.03"
    assert optimum_text(metrics, "distortion", LOOK) == "lowest 800.0 nats"
    assert optimum_text(metrics, "distortion", Look(units="bits")) == "lowest 1154 bits"
    assert optimum_text(metrics.assign(psnr=np.nan), "psnr", LOOK) == ""
    assert optimum_text(metrics, None, LOOK) == ""


def test_a_note_names_a_metric_whose_title_the_menu_cuts(metrics):
    table = metrics.assign(acc_rbf_svm_z2_draw=np.linspace(0.1, 0.9, 9), acc_rbf_svm_z2_draw_se=0.004)
    assert plane_note(table, "acc_rbf_svm_z2_draw", LOOK) == "RBF SVM on draws of z₂: best 90.0 ± 0.4 %"
    assert plane_note(table, "psnr", LOOK).startswith("best ")


def test_a_figure_lists_the_optima_its_own_first(metrics):
    chosen = ["psnr", "neg_elbo", "inception_score"]
    table = metrics.assign(neg_elbo=np.linspace(900, 800, 9), acc_rbf_svm_z2=np.nan)
    optima = landscape_figure(table, chosen, 2, LOOK).layout.meta["optima"]
    expected = [
        ("p3", "generation", "Generate", True),
        ("p8", "reconstruction", "Reconstruct", False),
        ("p8", None, "Negative ELBO", False),
    ]
    names = ("point", "goal", "word", "own")
    assert [tuple(optimum[name] for name in names) for optimum in optima] == expected
    assert len(landscape_figure(table, ["psnr", "acc_rbf_svm_z2"], 0, LOOK).layout.meta["optima"]) == 1


def test_a_dots_card_tells_its_rates_and_the_figures_metric(metrics):
    dots = trace(plane_figure(metrics, "inception_score"), "points")
    card = dots.customdata[dots.ids.index("p3")]
    assert [list(line) for line in card] == [
        ["R(z₂)", "11.9 nats"],
        ["R(z₁|z₂)", "32.0 nats"],
        ["Inception score", "9.00 ± 0.03"],
    ]


def test_diagonals_hold_the_total_rate_constant(metrics):
    figure = banded_plane_figure(metrics, "psnr", LOOK)
    lines = [part for part in figure.data if part.name.startswith("total ")]
    assert [float(part.name.removeprefix("total ")) for part in lines] == [10, 20, 30, 40, 50]
    for part in lines:
        total = float(part.name.removeprefix("total "))
        assert np.allclose(np.add(part.x, part.y), total) and part.line.color != INK
    for total in (0.1, 30.0):
        x, y = diagonal(total, Look(axes="log"))
        assert np.allclose(x + y, total) and min(x.min(), y.min()) == pytest.approx(0.01)
        assert (np.diff(x) > 0).all()


@pytest.mark.parametrize(("highest", "last"), [(0.062, 0.07), (51, 60), (60, 60), (700, 700), (0, 1)])
def test_bands_are_few_and_reach_beyond_every_point(highest, last):
    edges = band_edges(highest, LOOK)
    assert edges[0] == 0 and edges[-1] == pytest.approx(last) and len(edges) <= 8
    assert np.allclose(np.diff(edges), edges[1])
    logarithmic = band_edges(highest, Look(axes="log"))
    assert logarithmic[0] == 0 and logarithmic[-1] >= highest


def test_of_each_band_the_best_split_is_marked(metrics):
    metrics["rate_total"] = [1, 9, 10, 10.1, 20, 25, 30, 31, 60]
    found = best_of_bands(metrics, "inception_score", LOOK)
    assert list(found["point"]) == ["p2", "p3", "p5", "p7", "p8"]
    # Of β-VAEs p0, p4 and p8, between which distortion is interpolated; p1 alone lies below them.
    assert list(best_of_bands(metrics, "distortion", LOOK)["point"]) == ["p1", "p4", "p5", "p7", "p8"]
    alone = metrics.assign(beta_1=20.0)
    assert list(best_of_bands(alone, "distortion", LOOK)["point"]) == ["p0", "p3", "p5", "p7", "p8"]
    mark = trace(banded_plane_figure(metrics, "inception_score", LOOK), "best of each band")
    assert list(mark.x) == [metrics["rate_z2"][index] for index in (2, 3, 5, 7, 8)]


@pytest.mark.parametrize("colour", ["psnr", "inception_score"])
def test_coloured_by_a_metric_dots_lighten_as_it_grows(metrics, colour):
    metrics.loc[4, colour] = np.nan
    colours = dot_colours(metrics, colour)
    assert colours[4] == UNKNOWN
    light = pd.Series([int(c[1:3], 16) * 0.3 + int(c[3:5], 16) * 0.6 + int(c[5:], 16) * 0.1 for c in colours])
    order = metrics[colour].drop(4).sort_values(kind="stable").index
    assert light[order].is_monotonic_increasing


def test_a_page_cannot_ask_for_a_look_that_there_is_not():
    assert Look.of(None) == Look.of({"units": "bytes", "axes": None, "colour": "checkpoint"}) == Look()
    chosen = {"units": "bits", "axes": "log", "colour": "psnr", "view": "landscapes"}
    assert Look.of(chosen) == Look("bits", "log", "psnr")


def test_without_any_number_there_are_words(metrics):
    figure = plane_figure(metrics.assign(psnr=np.nan), "psnr")
    assert not figure.data and "PSNR" in figure.layout.annotations[0].text
    assert banded_plane_figure(metrics.drop(columns="psnr"), "psnr", LOOK).layout.annotations


def test_441_points_and_one_are_figures(metrics):
    many = pd.concat([metrics] * 49, ignore_index=True)
    many["point"] = [f"p{index}" for index in range(441)]
    for table in (many, metrics.head(1)):
        for look in (LOOK, Look(axes="log")):
            assert len(trace(banded_plane_figure(table, "psnr", look), "points").ids) == len(table)


def test_better_points_are_larger(metrics):
    for metric, sign in (("psnr", 1), ("distortion", -1)):
        dots = placed(plane_figure(metrics, metric))
        assert all(np.diff([sign * dots[point][2] for point in metrics["point"]]) > 0)


def test_area_grows_linearly_with_the_metric():
    area = diameters(np.array([0.0, 1.0, 2.0])) ** 2
    assert area[1] - area[0] == pytest.approx(area[2] - area[1])


def test_dots_of_one_size_where_the_metric_tells_nothing(metrics):
    assert len(set(diameters(np.array([3.0, 3.0])))) == 1
    assert len(set(trace(plane_figure(metrics, None), "points").marker.size)) == 1


def test_many_dots_are_smaller_but_can_be_seen():
    assert 6 < diameters(np.linspace(0, 1, 441)).max() < diameters(np.linspace(0, 1, 25)).max()


def test_the_diagonal_joins_equal_betas_in_order(metrics):
    line = trace(plane_figure(metrics.sample(frac=1, random_state=0), "psnr"), "diagonal")
    assert list(line.x) == [metrics["rate_z2"][index] for index in (0, 4, 8)]


def test_the_standard_vae_is_marked(metrics):
    mark = trace(plane_figure(metrics, "psnr"), "standard")
    assert (mark.x[0], mark.y[0]) == (metrics["rate_z2"][4], metrics["rate_z1"][4])


def test_rows_without_a_number_are_left_out_and_told(metrics):
    metrics.loc[2, "psnr"] = np.nan
    metrics.loc[3, "rate_z1"] = np.inf
    assert set(placed(plane_figure(metrics, "psnr"))) == {f"p{i}" for i in (0, 1, 4, 5, 6, 7, 8)}
    assert left_out(metrics, [*PLANE, "psnr"]) == "2 of 9 models left out: no rates or PSNR."
    assert left_out(metrics, PLANE) == "1 of 9 models left out: no rates."
    assert left_out(metrics.drop(index=[2, 3]), [*PLANE, "psnr"]) == ""


def test_an_atlas_without_points_says_so(metrics):
    assert "measured" in plane_figure(metrics.head(0), None).layout.annotations[0].text


def test_a_dots_colour_does_not_depend_on_who_else_is_drawn(metrics):
    whole = placed(plane_figure(metrics, None))
    metrics.loc[[0, 1, 2], "psnr"] = np.nan
    part = placed(plane_figure(metrics, "psnr"))
    assert len(part) == 6 and all(whole[point][3] == colour for point, (*_, colour) in part.items())


def test_corners_have_the_corner_colours():
    for (i, beta_2), (j, beta_1) in itertools.product(enumerate((0.1, 10.0)), repeat=2):
        [colour] = colour_code(np.array([beta_2]), np.array([beta_1]), (0.1, 10.0), (0.1, 10.0))
        assert colour == "#" + "".join(f"{int(value):02x}" for value in CORNERS[i, j])


def test_each_beta_has_a_colour_of_its_own():
    beta = np.geomspace(0.1, 10, 9)
    colours = colour_code(beta, np.full(9, 0.1), (0.1, 10.0), (0.1, 10.0))
    assert len(set(colours)) == 9
    assert colour_code(np.array([1.0]), np.array([1.0]), (1.0, 1.0), (1.0, 1.0))  # one β only
