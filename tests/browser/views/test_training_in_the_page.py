"""Training a point in the page, and points that join an atlas while its page is open."""

from __future__ import annotations

import json

import pytest
from atlas_builder import add_parent, as_made_from, build_atlas
from parent_page import drag, parent_view
from small_runs import parent_atlas
from ways_to_serve import WAY, needs_server

from app.atlases.user_copy import add_point, extending
from hvae import Atlas, UserError
from hvae.atlas.point import Point
from hvae.atlas.verify import problems
from hvae.training.finish import Finished

pytestmark = needs_server("a point is trained")

TRAINING_MS = 180_000


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
    # Files of models, and the figures of the version that is shown, may still be fetched ahead.
    version = explorer.page.locator(".page").get_attribute("data-version")
    known = ("/version", f"/figures.json?version={version}")
    others = [url for url in asked if not url.endswith(known) and ".safetensors?" not in url]
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
