"""The parent's view: places between the dots, by hand, by keys, from rates."""

from __future__ import annotations

import re

import numpy as np
import pytest
from atlas_builder import add_parent, build_atlas
from parent_page import SLOTS, drag, parent_view
from ways_to_serve import needs_server

from app.page.figures.colours import colour_code
from hvae import Atlas
from hvae.atlas.point import Point


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    known = {"mi_z2": [0.002] * 9}
    return add_parent(build_atlas(tmp_path_factory.mktemp("parent") / "folding", metrics=known))


@pytest.fixture(scope="module")
def address(serve, folder):
    return serve(folder)


@pytest.fixture(scope="module")
def lasting_address(address):
    return address


@pytest.fixture
def view(same_page):
    same_page.page.click("#tab-parent")
    same_page.wait_until_shown_as_first(SLOTS)
    return parent_view(same_page)


def go(explorer, address):
    explorer.page.goto(address)
    explorer.page.wait_for_selector("#parent-samples-picture")


def circles(view):
    """Point → centre in the window."""
    return view.page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('#parent-rates .dot')].map((dot) => {
            const box = dot.getBoundingClientRect();
            return [dot.dataset.point, [box.x + box.width / 2, box.y + box.height / 2]];
        }))"""
    )


def estimate(view):
    box = view.page.locator("#parent-rates .estimate").bounding_box()
    return [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]


def betas_on_screen(view):
    return [float(beta) for beta in re.findall(r"= ([0-9.]+)", view.text("#parent-title"))]


def test_pictures_follow_a_hand_over_the_plane_and_stay_where_it_rests(view):
    before = view.picture("parent-samples")
    drag(view, (0.5, 0.5), (0.25, 0.75), release=False)
    view.wait_until_shown(Point(0.1 * 100**0.25, 0.1 * 100**0.75).fold_name, SLOTS)
    assert view.picture("parent-samples") != before
    assert "fold_" not in view.address
    view.page.mouse.up()
    view.page.wait_for_function("() => location.search.includes('point=fold_b2-0.3162_b1-3.162')")
    assert view.text("#parent-title") == "Between the dots: β₂ = 0.316, β₁ = 3.16"


def test_a_hand_that_leaves_the_plane_stays_at_its_edge(view):
    drag(view, (0.5, 0.5), (1.4, -0.3))
    view.wait_until_shown("fold_b2-10_b1-0.1/", SLOTS)


def test_arrow_keys_move_the_place_in_small_steps(view):
    drag(view, (0.5, 0.5))
    view.page.focus("#beta-plane")
    view.page.keyboard.press("ArrowRight")
    view.page.keyboard.press("ArrowUp")
    view.page.keyboard.press("Shift+ArrowUp")
    step = 100 ** (1 / 24)
    view.wait_until_shown(
        Point(float(f"{step:.4g}"), float(f"{step**5:.3g}")).fold_name.split("_b1")[0], SLOTS
    )
    assert betas_on_screen(view) == pytest.approx([step, step**5], rel=5e-3)


@needs_server("compares with the server's numbers")
def test_numbers_are_those_that_the_server_estimates(view):
    drag(view, (0.3, 0.6))
    view.page.wait_for_function("() => hvae.screen.points[hvae.screen.current.point]?.estimated")
    estimates = view.page.evaluate(
        "fetch(`/estimates/folding/${hvae.screen.current.point}.json`).then(r => r.json())"
    )
    numbers = view.page.locator(".parent-stats dd").all_inner_texts()
    # The page works them out by itself: alike to a ten-thousandth, and to the last digit that is shown.
    for ours, theirs in zip(numbers, estimates["stats"].values(), strict=True):
        (our_number, our_unit), (their_number, their_unit) = ours.split(), theirs.split()
        assert our_unit == their_unit
        last_digit = 10.0 ** -len(their_number.partition(".")[2])
        assert float(our_number) == pytest.approx(float(their_number), rel=1e-4, abs=1.01 * last_digit)
    assert view.text("#parent-note") == "Estimated on 12 test images."


@pytest.fixture
def served_view(open_page, address):
    """The same in a browser that cannot run the models."""
    return parent_view(open_page(address, by_server=True))


def test_a_server_that_has_too_much_to_do_is_asked_for_the_numbers_again(served_view):
    view = served_view
    refused = view.turn_away_once("**/estimates/**")
    drag(view, (0.3, 0.6))
    view.page.wait_for_function("() => hvae.screen.points[hvae.screen.current.point]?.estimated")
    assert len(refused) == 1


def test_a_rough_estimate_that_comes_late_does_not_take_the_place_of_the_numbers(served_view):
    view, rough = served_view, []
    view.page.route(re.compile(r"/estimates/.*n=16$"), lambda route: rough.append(route))
    drag(view, (0.3, 0.6))
    view.page.wait_for_function("() => hvae.screen.points[hvae.screen.current.point]?.estimated")
    numbers = view.page.locator(".parent-stats dd").all_inner_texts()
    estimates = view.page.evaluate("hvae.screen.points[hvae.screen.current.point].numbers")
    with view.page.expect_response(lambda response: response.url.endswith("n=16")):
        rough[0].fulfill(json={**estimates, "images": 2, "stats": dict.fromkeys(estimates["stats"], "rough")})
    view.page.evaluate("() => new Promise(requestAnimationFrame)")
    assert view.page.locator(".parent-stats dd").all_inner_texts() == numbers
    assert view.text("#parent-note") == "Estimated on 12 test images."


def test_a_fold_has_the_same_mark_in_all_figures_where_its_numbers_are(view):
    drag(view, (0.3, 0.6))
    view.page.wait_for_function("() => hvae.screen.points[hvae.screen.current.point].estimated")
    numbers = view.page.evaluate("() => hvae.screen.points[hvae.screen.current.point].numbers")
    total = numbers["rate_z2"] + numbers["rate_z1"]
    view.page.click("#tab-landscapes")
    for index in range(view.page.locator("#view-landscapes .linked-figure:visible").count()):
        assert_marked(view, f"landscapes-{index}", numbers["rate_z2"], numbers["rate_z1"])
    assert "between the dots" in view.text(".signs")
    view.page.click("#tab-reconstruction")
    view.wait_until_drawn("reconstruction")
    for figure, up in (("reconstruction-1", "psnr"), ("reconstruction-2", "distortion")):
        assert_marked(view, figure, total, numbers[up])
    view.click_dot("b2-1_b1-1", "reconstruction-1")
    view.page.locator("#view-reconstruction .fold-mark:visible").wait_for(state="hidden")
    assert "between the dots" not in view.text(".signs")


def test_a_fold_is_marked_on_the_axis_of_its_rate_where_nothing_else_is_known(open_page, address):
    view = open_page(
        f"{address}?view=representation&point={Point(2, 0.5).fold_name}&units=bits&axes=log",
        ready="#representation-0 .scatterlayer .point",
    )
    view.page.wait_for_function("() => hvae.screen.points[hvae.screen.current.point].estimated")
    rate = view.page.evaluate("() => hvae.screen.points[hvae.screen.current.point].numbers.rate_z2")
    assert_marked(view, "representation-0", rate / np.log(2), -1e9)


def assert_marked(view, figure, x, y):
    """The mark stands at these numbers once the figure has its size: words above it may come after it."""
    for _ in range(30):
        mark, expected = fold_mark(view, figure), inside(view, figure, x, y)
        if mark == pytest.approx(expected, abs=1):
            return
        view.page.wait_for_timeout(100)
    assert mark == pytest.approx(expected, abs=1)


def fold_mark(view, figure):
    """Its centre in the window."""
    mark = view.page.locator(f".linked-figure:has(#{figure}) .fold-mark")
    mark.wait_for(state="visible")
    box = mark.bounding_box()
    return [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]


def inside(view, figure, x, y):
    """Where numbers lie in a figure, within its axes, in the window."""
    return view.page.evaluate(
        """([figure, x, y]) => {
            const plot = document.querySelector(`#${figure} .js-plotly-plot`);
            const box = plot.getBoundingClientRect();
            const { _size: { l, t, w, h }, xaxis, yaxis } = plot._fullLayout;
            const along = (axis, value) => {
                const [low, high] = axis.range;
                const shown = axis.type === 'log' ? Math.log10(Math.max(value, 0.01)) : value;
                return (shown - low) / (high - low);
            };
            const within = (share) => Math.min(1, Math.max(0, share));
            return [box.x + l + w * within(along(xaxis, x)), box.y + t + h * (1 - within(along(yaxis, y)))];
        }""",
        [figure, x, y],
    )


def test_the_square_stands_at_the_estimated_rates(view, folder):
    drag(view, (0.3, 0.6))
    view.page.wait_for_function("() => hvae.screen.points[hvae.screen.current.point]?.estimated")
    known = view.page.evaluate("hvae.screen.points[hvae.screen.current.point]")
    table = Atlas.open(folder).metrics
    places = circles(view)
    for axis, column in enumerate(("rate_z2", "rate_z1")):
        spots = [
            places[name.removeprefix("models/").removesuffix(".safetensors")][axis]
            for name in table["checkpoint"]
        ]
        slope, offset = np.polyfit(table[column], spots, 1)
        box = view.page.locator("#parent-rates").bounding_box()
        low, high = (
            (box["x"] + 52, box["x"] + box["width"] - 14)
            if axis == 0
            else (box["y"] + 12, box["y"] + box["height"] - 46)
        )
        assert estimate(view)[axis] == pytest.approx(
            np.clip(slope * known[column] + offset, low, high), abs=1.5
        )


def test_a_click_between_dots_picks_the_betas_between_theirs(view):
    places = circles(view)
    corners = [places[name] for name in ("b2-0.1_b1-0.1", "b2-1_b1-0.1", "b2-0.1_b1-1")]
    view.page.mouse.click(*np.mean(corners, axis=0))
    view.wait_until_shown("fold_", SLOTS)
    # A third of the way up each log β.
    assert betas_on_screen(view) == pytest.approx([10 ** (-2 / 3)] * 2, rel=0.05)


def test_a_click_beyond_all_dots_picks_the_nearest_edge(view):
    box = view.page.locator("#parent-rates").bounding_box()
    view.page.mouse.click(box["x"] + box["width"] - 16, box["y"] + 14)
    beta_2, beta_1 = betas_on_screen(view)
    assert 0.1 in (beta_2, beta_1) or 10 in (beta_2, beta_1)


def test_a_click_on_a_dot_selects_it_and_folds_the_parent_there(view):
    view.page.mouse.click(*circles(view)["b2-10_b1-0.1"])
    view.wait_until_shown("fold_b2-10_b1-0.1/", SLOTS)
    assert "point=b2-10_b1-0.1" in view.address
    assert view.page.locator("#train-point").is_disabled()


def test_a_fold_is_a_model_like_any_other_in_the_other_views(view):
    drag(view, (0.3, 0.6))
    view.page.wait_for_function("() => hvae.screen.points[hvae.screen.current.point]?.estimated")
    fold = view.page.evaluate("hvae.screen.current.point")
    view.page.click("#tab-landscapes")
    view.wait_until_shown(f"/{fold}/")
    view.page.wait_for_function("() => document.getElementById('stat-psnr').innerText.endsWith('dB')")
    assert view.page.locator("#traversal-sliders input").count() == 6
    view.page.evaluate("document.activeElement.blur()")
    view.page.keyboard.press("ArrowRight")  # on to the grid, past the fold
    view.wait_until_shown("/b2-1_b1-")


def test_a_link_to_a_fold_shows_it_again(open_page, address):
    explorer = open_page(address)
    go(explorer, f"{address}?view=parent&point=fold_b2-0.316_b1-2.15")
    explorer.wait_until_shown("fold_b2-0.316_b1-2.15/", SLOTS)
    assert explorer.text("#parent-title") == "Between the dots: β₂ = 0.316, β₁ = 2.15"


@needs_server("modules have addresses")
def test_names_and_colours_are_those_of_the_server(view):
    betas = [0.1, 0.31623, 1, 2.15443, 9.99999, 10, 123.456, 12345.6, 1e-5, 2.5e-7, 1e9]
    names = view.page.evaluate(
        """async (betas) => {
            const { foldName } = await import('/assets/page/core/fold-names.js');
            return betas.map((beta) => foldName(beta, 1 / beta));
        }""",
        betas,
    )
    assert names == [Point(beta, 1 / beta).fold_name for beta in betas]
    across, up = np.geomspace(0.05, 20, 9), np.geomspace(12, 0.09, 9)
    drawn = view.page.evaluate(
        """async (pairs) => {
            const { foldColour } = await import('/assets/page/core/folds.js');
            return pairs.map(([beta2, beta1]) => foldColour(beta2, beta1));
        }""",
        [*zip(across, up, strict=True)],
    )
    expected = [
        [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        for colour in colour_code(across, up, (0.1, 10), (0.1, 10))
    ]
    assert np.abs(np.array(drawn) - expected).max() <= 1


def test_rates_can_be_read_in_bits_on_logarithmic_axes(open_page, address):
    explorer = open_page(address)
    go(explorer, f"{address}?view=parent&units=bits&axes=log")
    explorer.wait_until_shown("", SLOTS)
    assert explorer.page.locator("#parent-rates .axis").all_text_contents() == [
        "R(z₂), bits per image",
        "R(z₁|z₂), bits per image",
    ]
    ticks = explorer.page.locator("#parent-rates .tick").all_text_contents()
    assert {"0.1", "1", "10"} <= set(ticks)


def test_a_rate_that_a_logarithmic_axis_does_not_reach_is_not_drawn_as_another(open_page, serve, tmp_path):
    low = {"rate_z2": [30.0, 20.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 0.002]}
    address = serve(add_parent(build_atlas(tmp_path / "low", metrics=low)))
    explorer = open_page(address)
    go(explorer, f"{address}?view=parent&axes=log")
    explorer.wait_until_shown("", SLOTS)
    ticks = explorer.page.locator("#parent-rates .tick").all_text_contents()
    assert ticks.count("≤ 0.01") == 2, "one for each axis"
    titles = explorer.page.locator("#parent-rates .dot title").all_text_contents()
    assert [title for title in titles if "below" in title] == ["β₂ = 10, β₁ = 10; R(z₂) below 0.01 nats"]


def test_an_atlas_without_a_parent_has_words_and_a_command(open_page, tiny_address):
    explorer = open_page(tiny_address)
    explorer.page.click("#tab-parent")
    assert "This atlas has no parent" in explorer.text("#view-parent")
    assert "python -m precompute run OUT --dataset digits --betas 0.1:10:3" in explorer.text(
        "#view-parent pre"
    )
