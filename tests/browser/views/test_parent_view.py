"""The parent's view: places between the dots, by hand, by keys, from rates; and training one."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from atlas_builder import add_parent, as_made_from, build_atlas
from small_runs import parent_atlas
from ways_to_serve import WAY

from app.atlases.user_copy import add_point, extending
from app.page.figures.colours import colour_code
from hvae import Atlas, UserError
from hvae.atlas.point import Point
from hvae.atlas.verify import problems
from hvae.training.finish import Finished

SLOTS = ("parent-samples", "parent-reconstructions")
TRAINING_MS = 180_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    known = {"mi_z2": [0.002] * 9}
    return add_parent(build_atlas(tmp_path_factory.mktemp("parent") / "folding", metrics=known))


@pytest.fixture(scope="module")
def address(serve, folder):
    return serve(folder)


@pytest.fixture
def view(open_page, address):
    return parent_view(open_page(address))


def parent_view(explorer):
    """The same page, the parent's view shown."""
    explorer.page.click("#tab-parent")
    explorer.wait_until_shown("", SLOTS)
    explorer.page.wait_for_function(
        "() => document.querySelector('#parent-rates .diamond').style.display === ''"
    )
    return explorer


def go(explorer, address):
    explorer.page.goto(address)
    explorer.page.wait_for_selector("#parent-samples-picture")


def drag(view, start, *places, release=True):
    """Press the β plane at one place and move over others; shares of its side, from its lower left corner."""
    box = view.page.locator("#beta-plane").bounding_box()
    spots = [(box["x"] + x * box["width"], box["y"] + (1 - y) * box["height"]) for x, y in (start, *places)]
    view.page.mouse.move(*spots[0])
    view.page.mouse.down()
    for spot in spots[1:]:
        view.page.mouse.move(*spot, steps=4)
    if release:
        view.page.mouse.up()


def circles(view):
    """Point → centre in the window."""
    return view.page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('#parent-rates .dot')].map((dot) => {
            const box = dot.getBoundingClientRect();
            return [dot.dataset.point, [box.x + box.width / 2, box.y + box.height / 2]];
        }))"""
    )


def diamond(view):
    box = view.page.locator("#parent-rates .diamond").bounding_box()
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
    assert view.text("#parent-title") == "Fold at β₂ = 0.316, β₁ = 3.16"


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


def test_numbers_are_those_that_the_server_estimates(view):
    drag(view, (0.3, 0.6))
    view.page.wait_for_function("() => hvae.screen.points[hvae.screen.current.point]?.estimated")
    estimates = view.page.evaluate(
        "fetch(`/estimates/folding/${hvae.screen.current.point}.json`).then(r => r.json())"
    )
    numbers = view.page.locator(".parent-stats dd").all_inner_texts()
    assert numbers == list(estimates["stats"].values())
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
        assert fold_mark(view, f"landscapes-{index}") == pytest.approx(
            inside(view, f"landscapes-{index}", numbers["rate_z2"], numbers["rate_z1"]), abs=1
        )
    assert "between the dots" in view.text(".signs")
    view.page.click("#tab-reconstruction")
    view.wait_until_drawn("reconstruction")
    for figure, up in (("reconstruction-1", "psnr"), ("reconstruction-2", "distortion")):
        expected = inside(view, figure, total, numbers[up])
        assert fold_mark(view, figure) == pytest.approx(expected, abs=1)
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
    on_axis = inside(view, "representation-0", rate / np.log(2), -1e9)
    assert fold_mark(view, "representation-0") == pytest.approx(on_axis, abs=1)


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


def test_the_diamond_stands_at_the_estimated_rates(view, folder):
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
        assert diamond(view)[axis] == pytest.approx(
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
    assert explorer.text("#parent-title") == "Fold at β₂ = 0.316, β₁ = 2.15"


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


# ------------------------------------------------------------------------------------------------ training


@pytest.fixture
def data_folder(tmp_path, monkeypatch):
    if WAY != "built-in":
        pytest.skip("elsewhere, training takes a broker, or an option: see tests/app/training")
    monkeypatch.setenv("HVAE_DATA_DIR", str(tmp_path / "data-folder"))
    return tmp_path / "data-folder"


@pytest.fixture(scope="module")
def trainable(tmp_path_factory):
    """An atlas whose data set is at hand."""
    return parent_atlas(tmp_path_factory.mktemp("parent") / "trainable")


@pytest.fixture
def endless(trainable, tmp_path):
    """The same, its points trained for longer than anybody waits."""
    import shutil

    folder = shutil.copytree(trainable, tmp_path / "endless")
    recipe = json.loads((folder / "atlas.json").read_text())["recipe"]
    return as_made_from(folder, recipe=recipe | {"epochs": 10_000})


def wait_for_words(view, pattern):
    view.page.wait_for_function(
        "(pattern) => new RegExp(pattern).test(document.getElementById('training-words').innerText)",
        arg=pattern,
        timeout=TRAINING_MS,
    )


def test_a_trained_point_becomes_a_dot_without_a_reload(
    open_page, serve, tiny_atlas, trainable, data_folder, monkeypatch
):
    """On the page of a second atlas, as if it shipped: cancelling, below, is tried on that of a first."""
    monkeypatch.setattr("app.page.shell.export.SHIPPED", trainable.parent)
    view = parent_view(open_page(f"{serve(tiny_atlas, trainable)}?atlas=trainable"))
    assert view.text("#model-count") == "4 two-layer models"
    drag(view, (0.4, 0.7))
    view.page.click("#train-point")
    view.page.wait_for_selector("#training-panel[data-state=done]", timeout=TRAINING_MS)
    copy = data_folder / "atlases" / "trainable"
    assert "the server's log says where" in view.text("#training-words")
    assert problems(copy) == []
    name = (
        Atlas.open(copy).metrics["checkpoint"].iloc[-1].removeprefix("models/").removesuffix(".safetensors")
    )
    view.page.wait_for_selector(f"#parent-rates [data-point='{name}']")
    view.page.wait_for_function(f"() => location.search.includes('point={name}')")
    assert view.text("#model-count") == "5 two-layer models"
    assert view.page.locator("#train-point").is_disabled()
    view.page.click("#tab-landscapes")
    view.wait_until_shown(f"/{name}/")
    loads_only_from(copy, trainable, exported(view), name, monkeypatch)
    view.page.reload()
    view.wait_until_shown(f"/{name}/")


def exported(view):
    """The Python that the export dialog shows."""
    view.page.keyboard.press("e")
    view.page.wait_for_selector("#export-list li")
    view.page.keyboard.press("Escape")
    return view.page.locator("#export-code").text_content()


def loads_only_from(copy, origin, code, name, monkeypatch):
    """The code loads this very point from the copy that has it, and no other from the atlas that has not."""
    monkeypatch.chdir(copy.parent)
    names = {}
    exec(code, names)
    expected = Atlas.open(copy).load_checkpoint(f"models/{name}.safetensors").state_dict()
    assert all(weight.equal(expected[key]) for key, weight in names["model"].state_dict().items())
    monkeypatch.chdir(origin.parent)
    with pytest.raises(UserError, match="has no point at"):
        exec(code, {})


def test_training_tells_how_far_it_is_and_can_be_cancelled_without_a_trace(
    open_page, serve, endless, data_folder
):
    view = parent_view(open_page(serve(endless)))
    drag(view, (0.4, 0.7))
    view.page.click("#train-point")
    wait_for_words(view, "step [0-9]+ of 220000, about [0-9]+ min left")
    other = parent_view(open_page(view.address.split("?")[0]))
    drag(other, (0.6, 0.2))
    other.page.click("#train-point")
    other.page.wait_for_selector("#training-panel[data-state=failed]", timeout=TRAINING_MS)
    assert "being trained already" in other.text("#training-words")
    # A page that is loaded again finds what it trains, and can cancel it.
    view.page.reload()
    view.page.wait_for_function("() => window.hvae?.screen.current")
    parent_view(view)
    wait_for_words(view, "step [0-9]+ of 220000")
    assert view.page.locator("#train-point").is_disabled()
    view.page.click("#training-cancel")
    view.page.wait_for_selector("#training-panel[data-state=idle]")
    assert view.text("#training-words") == "Cancelled: no dot was added."
    # Who asks next is not refused: the first is gone for good.
    other.page.click("#train-point")
    wait_for_words(other, "step [0-9]+")
    other.page.click("#training-cancel")
    other.page.wait_for_selector("#training-panel[data-state=idle]")
    assert [path.name for path in (data_folder / "atlases").iterdir()] == [".lock"]


# --------------------------------------------------------------------------- points that come from elsewhere


def grow(folder, beta_2, beta_1):
    """Add a point to the user's own copy of an atlas, as a training does that nobody waits for; its name."""
    atlas, point = Atlas.open(folder), Point(beta_2, beta_1)
    first = atlas.metrics.iloc[0]
    row = {**first.to_dict(), **point._asdict(), "checkpoint": point.checkpoint}
    for column in ("rate_z2", "rate_total", "neg_elbo"):  # elsewhere in the plane, and still a sum
        row[column] += 6
    model = atlas.load_checkpoint(first["checkpoint"])
    with extending(atlas) as copy:
        add_point(atlas, copy, point, Finished(model, row, {"weights": "float32"}))
    return point.name


def look_again(explorer):
    """What a page does every ten seconds, and when a visitor comes back to it."""
    explorer.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@pytest.fixture
def growing(tmp_path):
    return add_parent(build_atlas(tmp_path / "growing"))


def test_an_open_page_learns_of_a_point_that_somebody_else_trained(open_page, serve, growing, data_folder):
    explorer = open_page(serve(growing))
    assert explorer.text("#model-count") == "9 two-layer models"
    asked = []
    explorer.page.on("request", lambda request: asked.append(request.url))
    look_again(explorer)
    explorer.page.wait_for_timeout(300)
    # Models' files may still be fetched ahead.
    others = [url for url in asked if not url.endswith("/version") and ".safetensors?" not in url]
    assert others == [], "nothing is new"
    name = grow(growing, 0.5, 0.5)
    look_again(explorer)
    explorer.page.wait_for_function(
        """(name) => document.querySelector('#landscapes-0 .js-plotly-plot').data
            .some((trace) => trace.ids?.includes(name))""",
        arg=name,
    )
    assert explorer.text("#model-count") == "10 two-layer models"
    explorer.select(name)
    explorer.page.click("#tab-parent")
    explorer.page.wait_for_selector(f"#parent-rates [data-point='{name}']")


def test_a_training_whose_result_is_lost_is_told_by_the_dot_that_it_made(
    open_page, serve, growing, data_folder
):
    """As once on a page that was older than its server: the answer to its second question was empty."""
    explorer = open_page(serve(growing))
    view = parent_view(explorer)
    drag(view, (0.4, 0.7))
    asked = []

    def answer(route):
        if "training-wish" not in (route.request.post_data or ""):
            return route.continue_()
        asked.append(json.loads(route.request.post_data)["inputs"][0].get("value"))
        if len(asked) == 1:
            return route.fulfill(json={"cacheKey": "key", "job": "job"})
        grow(growing, asked[0]["beta_2"], asked[0]["beta_1"])
        return route.fulfill(status=204)

    view.page.route("**/_dash-update-component*", answer)
    view.page.click("#train-point")
    view.page.wait_for_selector("#training-panel[data-state=done]")
    assert "is a dot now" in view.text("#training-words")
    assert len(asked) == 2 and view.page.locator("#train-point").is_disabled()


def test_a_training_that_left_neither_result_nor_dot_has_failed(open_page, serve, growing, data_folder):
    view = parent_view(open_page(serve(growing)))
    drag(view, (0.4, 0.7))
    answers = iter([{"json": {"cacheKey": "key", "job": "job"}}, {"status": 204}])

    def answer(route):
        if "training-wish" not in (route.request.post_data or ""):
            return route.continue_()
        return route.fulfill(**next(answers))

    view.page.route("**/_dash-update-component*", answer)
    view.page.click("#train-point")
    view.page.wait_for_selector("#training-panel[data-state=failed]")
    assert "ended without a result" in view.text("#training-words")
