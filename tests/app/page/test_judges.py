"""Who judges samples, and what the page offers and says of each judge."""

from dataclasses import replace

import numpy as np
import pytest
from atlas_builder import build_atlas

from app.page.figures.look import Look
from app.page.figures.planes import banded_plane_figure
from app.page.judges import judged, judges, miscalibrated, scores, sureness
from app.page.panels import generation
from app.page.points import points_data, points_table
from app.page.state import fields, first_screen, first_sizes
from hvae.atlas.atlas import Atlas
from hvae.atlas.manifest import Judge

STEPS = np.linspace(0, 1, 9)
SOURCE = {
    "inception_score": 2 + STEPS,
    "diversity": 4 + 0 * STEPS,
    "sharpness": (2 + STEPS) / 4,
}
CALIBRATED = {f"{name}_calibrated": 0.9 * values for name, values in SOURCE.items()}
FREE = {"frechet": 90 - 50 * STEPS, "recall": 0.2 + 0.5 * STEPS}


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    return Atlas.open(build_atlas(tmp_path_factory.mktemp("judged") / "tiny"))


def with_columns(atlas, **columns):
    return replace(atlas, metrics=atlas.metrics.assign(**columns))


@pytest.mark.parametrize(
    ("columns", "offered", "by"),
    [
        ({}, ["inception_score"], ["source"]),
        (SOURCE, ["inception_score", "diversity", "sharpness"], ["source"]),
        (CALIBRATED, ["inception_score", "diversity", "sharpness"], ["calibrated"]),
        (FREE, ["frechet", "recall"], ["source"]),
        (
            SOURCE | CALIBRATED | FREE,
            ["inception_score", "diversity", "sharpness", "frechet", "recall"],
            ["source", "calibrated"],
        ),
    ],
)
def test_menus_offer_what_the_atlas_has(bare, columns, offered, by):
    atlas = with_columns(bare, **columns)
    assert (list(scores(atlas)), list(judges(atlas))) == (offered, by)
    screen = first_screen("tiny", atlas)
    assert (screen.score, screen.judge) == (offered[0], by[0])
    assert list(fields(atlas)["score"]["choices"]) == offered
    assert ("control-judge" in str(generation.layout(atlas))) == (len(by) > 1)


def test_the_calibrated_judges_scores_are_drawn_when_it_is_chosen(bare):
    atlas = with_columns(bare, **SOURCE, **CALIBRATED, **FREE)
    for judge, columns in (("source", SOURCE), ("calibrated", CALIBRATED)):
        plane, over_rate, product = generation._draw(atlas, {"score": "sharpness", "judge": judge})
        dots = next(part for part in over_rate.figure.data if part.name == "points")
        heights = dict(zip(dots.ids, dots.y, strict=True))
        expected = dict(zip(points_table(atlas)["point"], columns[judged("sharpness", judge)], strict=True))
        assert heights == pytest.approx(expected)
        assert ("calibrated" in product.figure.layout.yaxis.title.text) == (judge == "calibrated")
        assert plane.note.startswith("best 0.6" if judge == "calibrated" else "best 0.7")


def test_scores_that_no_judge_gives_do_not_change_with_the_judge(bare):
    atlas = with_columns(bare, **SOURCE, **CALIBRATED, **FREE)
    drawn = [generation._draw(atlas, {"score": "frechet", "judge": judge})[1] for judge in judges(atlas)]
    assert drawn[0].figure.data[-2].y == drawn[1].figure.data[-2].y
    assert "no judge" in drawn[0].note
    assert judged("recall", "calibrated") == "recall"


def test_the_lowest_frechet_distance_is_the_largest_dot(bare):
    figure = banded_plane_figure(points_table(with_columns(bare, **FREE)), "frechet", Look())
    dots = next(part for part in figure.data if part.name == "points")
    assert dots.ids[0] == points_table(bare)["point"].iloc[-1]
    assert dots.marker.size[0] == max(dots.marker.size)


def test_what_comes_first_in_the_landscapes_stays(bare):
    atlas = with_columns(bare, **SOURCE, **CALIBRATED, **FREE)
    assert first_sizes(atlas) == ("psnr", "inception_score")


def test_a_model_is_told_how_sure_and_how_right_its_judges_are(bare):
    first, last = bare.metrics["checkpoint"].iloc[[0, -1]]
    on_points = {
        first: {"confidence": 0.861, "right": 0.14, "error": 0.72},
        last: {"confidence": 0.999, "right": 1.0, "error": 0.001},
    }
    judge = Judge(
        **{"real": 100, "reconstructed": 0, "points": 0, "accuracy": 0.99, "accuracy_se": 0.01},
        **{"held_out": 96, "reconstructions": on_points[first], "of_points": on_points},
    )
    atlas = replace(bare, manifest=bare.manifest.model_copy(update={"judges": {"source": judge}}))
    data = points_data(atlas)
    assert data["b2-0.1_b1-0.1"]["judges"]["source"] == {
        "confidence": 0.861,
        "right": 0.14,
        "texts": ["86 %", "14 ± 4 %"],
    }
    # 98 of 100 would be as sure as this: not "± 0".
    assert data["b2-10_b1-10"]["judges"]["source"]["texts"][1] == "100 ± 2 %"
    assert data["b2-1_b1-1"]["judges"] == {} == sureness(bare, first)
    assert "judge-sureness" in str(generation.layout(atlas))
    assert "judge-sureness" not in str(generation.layout(bare))


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ([0.01, 0.08], ""),
        ([0.01, 0.1], "This judge's confidence is off by more than 8 % at β₂ = 10, β₁ = 10."),
        (
            [0.2, 0.1],
            "This judge's confidence is off by more than 8 % at 2 models, most at β₂ = 0.1, β₁ = 0.1.",
        ),
    ],
)
def test_where_a_judge_is_not_calibrated_is_named(bare, errors, said):
    points = bare.metrics["checkpoint"].iloc[[0, -1]]
    of_points = {
        point: {"confidence": 0.9, "right": 0.9 - error, "error": error}
        for point, error in zip(points, errors, strict=True)
    }
    judge = Judge(
        **{"real": 100, "reconstructed": 0, "points": 0, "accuracy": 0.99, "accuracy_se": 0.01},
        **{"held_out": 96, "reconstructions": of_points[points.iloc[0]], "of_points": of_points},
    )
    atlas = replace(bare, manifest=bare.manifest.model_copy(update={"judges": {"calibrated": judge}}))
    assert miscalibrated(atlas, "calibrated") == said
    assert miscalibrated(atlas, "source") == ""
