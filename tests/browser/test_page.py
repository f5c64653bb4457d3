"""The page as a whole: it needs nobody but its server, and fits its window."""

import itertools
from urllib.parse import urlsplit

import pytest
from atlas_builder import add_parent, build_atlas
from pages import CAN_BE_SCROLLED_TO, Explorer
from ways_to_serve import IS_OFFLINE, needs_server
from windows import breaches

from app.server.build import assets_folder

VISIBLE = [
    "#landscapes-0",
    "#samples-picture",
    "#reconstructions-picture",
    "#traversal-picture",
    "#draw-again",
]


def test_the_page_asks_nothing_of_any_other_host(browser, serve, tiny_atlas, tmp_path):
    """In all views, with an own image, in the lecture, the dialogs and an export, and in a second atlas."""
    address = serve(tiny_atlas, add_parent(build_atlas(tmp_path / "between", (0.1, 10.0))))
    hosts, forbidden = set(), []
    context = browser.new_context(offline=IS_OFFLINE)
    context.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page = context.new_page()
    page.on("websocket", lambda socket: hosts.add(urlsplit(socket.url).netloc))
    page.on("console", lambda message: forbidden.extend(breaches(message.text)))
    explorer = Explorer(page).open(address)
    explorer.select("b2-10_b1-1")
    for view in ("reconstruction", "representation", "generation"):
        page.click(f"#tab-{view}")
        explorer.wait_until_drawn(view)
    page.click("#tab-model")
    explorer.wait_until_shown("", ("model-samples",))
    page.click("#tab-own")
    explorer.wait_until_shown("", ("own-thumbnails",))
    page.locator(".own-view .thumbnail").nth(2).click()
    explorer.wait_until_shown("", ("own-layers", "own-resample"))
    page.keyboard.press("p")
    page.click("#tab-compare")
    page.keyboard.press("e")
    page.wait_for_selector("#export-list li")
    with page.expect_download():
        page.get_by_label("Metrics as CSV", exact=True).click()
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    page.wait_for_function("() => location.search.includes('lecture=')")
    page.goto(f"{address}?atlas=between&view=parent")
    explorer.wait_until_shown("", ("parent-samples",))
    context.close()
    assert hosts - {""} == {urlsplit(address).netloc} - {""}
    assert forbidden == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_is_visible_at_1440_by_900(open_page, tiny_address, scheme):
    explorer = open_page(tiny_address, color_scheme=scheme)
    page = explorer.page
    assert page.evaluate("document.documentElement.scrollHeight") <= 900
    for selector in [*VISIBLE, "#traversal-sliders label:last-child"]:
        box = page.locator(selector).bounding_box()
        assert box["width"] > 40 and box["y"] + box["height"] <= 900
    assert page.locator("html").get_attribute("data-mantine-color-scheme") == scheme


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1100, 700), (820, 1180), (390, 844)])
def test_nothing_is_cut_or_overlaps(open_page, tiny_address, width, height):
    page = open_page(tiny_address, width, height).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    beyond = page.evaluate(
        f"""() => [...document.querySelectorAll('.page *')].filter((one) => {{
            const box = one.getBoundingClientRect();
            const isBeyond = box.right > innerWidth + 0.5 || box.left < -0.5;
            return box.width && !one.closest('svg') && isBeyond && !({CAN_BE_SCROLLED_TO})(one);
        }}).map((one) => one.outerHTML.slice(0, 100))"""
    )
    assert beyond == []
    parts = page.locator("#model-panel .strip, #figures-panel").all()
    boxes = [box for box in (part.bounding_box() for part in parts) if box]
    assert len(boxes) == 4
    for one, other in itertools.combinations(boxes, 2):
        beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
        below = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
        assert beside or below


def test_selecting_dots_moves_nothing(explorer):
    def places():
        return [explorer.page.locator(selector).bounding_box() for selector in VISIBLE]

    before = places()
    for point in ("b2-0.1_b1-0.1", "b2-10_b1-10"):
        explorer.select(point)
        explorer.page.wait_for_timeout(100)
        assert places() == before


@needs_server("modules have addresses")
def test_each_script_and_module_runs_once(explorer, tiny_address):
    """A module runs once for each address that it is asked for at."""
    asked = explorer.page.evaluate(
        """() => performance.getEntriesByType('resource')
            .map((entry) => new URL(entry.name))
            .filter((address) => address.pathname.endsWith('.js') && address.pathname.startsWith('/assets/'))
            .map((address) => address.pathname + address.search)"""
    )
    of_dash = [address for address in asked if "?" in address]
    assert [address.split("?")[0] for address in of_dash] == ["/assets/bridge.js"]
    of_the_worker = {address for address in asked if address.startswith("/assets/worker/")}
    assert set(asked) - set(of_dash) - of_the_worker == addresses_in("page")
    assert of_the_worker <= addresses_in("worker")


def addresses_in(folder: str) -> set[str]:
    """The addresses of a folder's modules."""
    files = (path.relative_to(assets_folder()) for path in assets_folder().glob(f"{folder}/**/*.js"))
    return {f"/assets/{path.as_posix()}" for path in files}


def test_the_page_has_one_handle_for_who_measures_it(explorer):
    assert explorer.page.evaluate("Object.keys(hvae)") == ["screen", "pictures"]
    assert explorer.page.evaluate("hvae.screen.current.view") == "landscapes"
    assert explorer.page.evaluate("hvae.pictures.drawn.length") >= 3


@needs_server("a module comes late")
def test_what_is_pressed_before_the_page_has_begun_changes_nothing(explorer):
    page, held = explorer.page, []
    page.route("**/assets/page/main.js", lambda route: held.append(route))
    page.reload(wait_until="commit")
    page.click("#tab-model")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("s")
    page.click("#draw-again")
    assert held and explorer.address.endswith("point=b2-1_b1-1") and page.evaluate("window.hvae") is None
    held[0].continue_()
    explorer.wait_until_shown("/b2-1_b1-1/")
    current = page.evaluate("hvae.screen.current")
    assert (current["view"], current["point"], current["seed"]) == ("landscapes", "b2-1_b1-1", 0)


@needs_server("a module comes late")
def test_what_is_chosen_before_the_page_has_begun_is_shown_when_it_has(explorer):
    page, held = explorer.page, []
    page.route("**/assets/page/main.js", lambda route: held.append(route))
    page.reload(wait_until="commit")
    page.get_by_role("radiogroup", name="Units").get_by_text("bits").click()
    held[0].continue_()
    page.wait_for_url("**units=bits*")
