"""The model view: what a visitor does with the latents of the selected model."""

import pytest
from atlas_builder import build_atlas, flip_one_byte
from ways_to_serve import needs_server

from hvae.config import HVAEConfig

SAMPLES = ("model-samples", "model-reconstructions", "model-resample")
WALKS = ("model-z2", "model-z2-strips", "model-z1", "model-z1-strips")
MIX = ("model-thumbnails", "model-mix", "model-interpolation")


@pytest.fixture
def view(same_page):
    """The model view of b2-1_b1-1, its samples shown."""
    same_page.page.click("#tab-model")
    same_page.wait_until_shown_as_first(SAMPLES)
    return same_page


def open_part(explorer, part, slots):
    """Open a part of the view that nothing has changed in yet."""
    explorer.page.click(f"#part-tab-{part}")
    explorer.wait_until_shown_as_first(slots)


def test_the_diagram_says_the_rates_and_its_edges_are_as_thick(view):
    def edges():
        return view.page.evaluate(
            """async () => {
                const growing = document.getElementById('flow').getAnimations({ subtree: true });
                await Promise.all(growing.map((one) => one.finished));
                const style = (name) => getComputedStyle(document.querySelector(`#flow [data-edge=${name}]`));
                return Object.fromEntries(['q-z2', 'q-z1'].map((name) =>
                    [name, parseFloat(style(name).strokeWidth)]));
            }"""
        )

    # tests/atlas_builder.py: at β = 1, R(z₂) = 30 / 2 + 1 and R(z₁|z₂) = 60 / 3 · 0.75.
    said = view.page.locator("#flow").get_attribute("aria-label")
    assert "R(z₂) is 16.0 nats, R(z₁|z₂) is 15.0 nats" in said
    balanced = edges()
    assert balanced["q-z2"] / balanced["q-z1"] == pytest.approx(16 / 15, rel=1e-3)
    view.page.click(".flow-about")  # away from the tabs, which arrows walk
    view.page.keyboard.press("ArrowLeft")
    view.wait_until_shown("/b2-0.1_b1-1/", SAMPLES)
    shifted = edges()
    rate_z2, rate_z1 = 30 / 1.1 + 1, 20 * (0.5 + 0.05 / 1.1)
    assert shifted["q-z2"] / shifted["q-z1"] == pytest.approx(rate_z2 / rate_z1, rel=1e-3)


def test_rates_are_said_in_bits_where_the_page_counts_in_bits(explorer, tiny_address):
    explorer.page.goto(f"{tiny_address}?view=model&units=bits")
    explorer.page.wait_for_selector("#model-samples-picture", state="attached")
    explorer.wait_until_shown("", SAMPLES)
    assert "R(z₂) is 23.1 bits" in explorer.page.locator("#flow").get_attribute("aria-label")
    assert explorer.page.locator(".model-side [data-column=rate_z2]").inner_text() == "23.1 bits"


TURNS = """async () => {
    const { turnTo, turned, turnedBack } = await import('/assets/page/views/z2-map/alignment.js');
    const places = [[1, 2], [-0.5, 1], [2, -1.5], [0.25, 0.5]];
    const off = (turn) => Math.max(...places.map((place) => {
        const [x, y] = turnedBack(turn, turned(turn, place));
        return Math.hypot(x - place[0], y - place[1]);
    }));
    return [-2.5, -1, 0, 0.3, 3].flatMap((angle) => [1, -1].map((sign) => {
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        const former = places.map(([x, y]) => [cos * x - sign * sin * y, sin * x + sign * cos * y]);
        const turn = turnTo(places, former);
        const apart = ([x, y], [u, v]) => Math.hypot(x - u, y - v);
        return Math.max(off(turn), ...places.map((place, i) => apart(turned(turn, place), former[i])));
    }));
}"""


def test_a_place_of_the_map_is_decoded_and_another_model_has_a_map_of_its_own(view):
    open_part(view, "map", ("z2-place",))
    page, canvas = view.page, view.page.locator("#z2-map")
    first, address = view.picture("z2-place"), canvas.get_attribute("data-map")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.3 * box["height"])
    page.wait_for_function("Number(document.getElementById('z2-map-across').value) > 1.5")
    view.wait_until_shown("up=1", ("z2-place",))
    assert view.picture("z2-place") != first
    page.locator("#z2-map-across").fill("-2")
    page.wait_for_function("document.getElementById('z2-place-picture').dataset.pictureUrl.includes('=-')")
    page.click(".flow-about")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("(old) => document.getElementById('z2-map').dataset.map !== old", arg=address)
    assert "variance" in view.text("#z2-map-explained")


@needs_server("modules have addresses")
def test_a_map_is_turned_onto_the_one_before(view):
    assert max(view.page.evaluate(TURNS)) < 1e-9


def test_temperature_changes_the_samples_alone(view):
    before = [view.picture(slot) for slot in SAMPLES]
    view.page.locator("#temperature").fill("0.4")
    view.wait_until_shown("temperature=0.4", ("model-samples",))
    after = [view.picture(slot) for slot in SAMPLES]
    assert [one == other for one, other in zip(before, after, strict=True)] == [False, True, True]
    assert view.text("#temperature-value") == "0.40"


def test_a_temperature_that_changed_while_another_view_was_shown_is_on_its_slider(view):
    for temperature in ("0.4", "1"):
        view.page.click("#tab-landscapes")
        view.page.evaluate("(temperature) => hvae.screen.set({ temperature })", temperature)
        view.page.click("#tab-model")
        assert view.page.locator("#temperature").input_value() == temperature


def test_draw_again_draws_other_z2_and_other_z1(view):
    before = view.picture("model-resample")
    view.page.locator(".model-view .model-draw-again").click()
    view.wait_until_shown("seed=1", ("model-samples", "model-resample"))
    assert view.picture("model-resample") != before


@pytest.mark.parametrize(("latent", "other"), [("z2", "z1"), ("z1", "z2")])
def test_a_slider_moves_its_latent_and_reset_brings_it_back(view, latent, other):
    open_part(view, "walks", WALKS)
    before = {slot: view.picture(slot) for slot in WALKS}
    view.page.locator(f"#{latent}-sliders input").nth(1).fill("2.5")
    view.wait_until_shown(f"{latent}.1=2.5", (f"model-{latent}",))
    assert view.picture(f"model-{latent}") != before[f"model-{latent}"]
    assert view.picture(f"model-{other}") == before[f"model-{other}"]
    assert view.page.locator(f"#{latent}-sliders output").nth(1).inner_text() == "+2.50"
    view.page.locator(f".walk-reset[data-latent={latent}]").click()
    view.page.wait_for_function(
        "(id) => !document.getElementById(id).dataset.pictureUrl.includes('.1=')",
        arg=f"model-{latent}-picture",
    )
    assert view.picture(f"model-{latent}") == before[f"model-{latent}"]


def test_sliders_stand_beside_their_strips_highest_rate_first(view):
    open_part(view, "walks", WALKS)
    for latent in ("z2", "z1"):
        strips = view.page.locator(f"#model-{latent}-strips-picture").bounding_box()
        sliders = [box.bounding_box() for box in view.page.locator(f"#{latent}-sliders label").all()]
        assert len(sliders) == 6
        for row, box in enumerate(sliders):
            middle = strips["y"] + strips["height"] * (row + 0.5) / 6
            assert abs(box["y"] + box["height"] / 2 - middle) < 4
    assert view.page.locator("#z2-sliders label").first.inner_text().startswith("z₂[0]")


def test_another_model_has_its_sliders_at_zero(view):
    open_part(view, "walks", WALKS)
    view.page.locator("#z2-sliders input").first.fill("1")
    view.wait_until_shown("z2.0=1", ("model-z2",))
    view.page.locator("#part-tab-walks").focus()
    view.page.keyboard.press("ArrowUp")
    view.wait_until_shown("/b2-1_b1-10/", WALKS)
    assert view.page.locator("#z2-sliders input").first.input_value() == "0"
    assert "z2.0" not in view.page.locator("#model-z2-picture").get_attribute("data-picture-url")


def test_thumbnails_choose_what_is_mixed_and_the_link_keeps_the_choice(view, open_page):
    open_part(view, "mix", MIX)
    before = view.picture("model-mix")
    thumbnail = view.page.locator(".model-view .thumbnail")
    thumbnail.nth(7).click()
    view.wait_until_shown("images=1,2,3,7", MIX[1:])
    assert view.picture("model-mix") != before
    assert thumbnail.nth(7).inner_text() == "4" and thumbnail.nth(7).get_attribute("aria-pressed") == "true"
    thumbnail.nth(2).click()
    view.wait_until_shown("images=1,3,7", MIX[1:])
    assert "part=mix" in view.address and "images=1,3,7" in view.address
    url = view.address
    view.page.reload()
    view.page.wait_for_selector("#model-mix-picture", state="attached")
    view.wait_until_shown("images=1,3,7", MIX[1:])
    assert view.address == url


def test_two_images_remain_chosen(view):
    open_part(view, "mix", MIX)
    for index in (0, 1, 2, 3):
        view.page.locator(".model-view .thumbnail").nth(index).click()
    view.wait_until_shown("images=2,3", MIX[1:])
    assert view.page.locator(".model-view .thumbnail[aria-pressed=true]").count() == 2


def test_parts_are_reached_by_keyboard(view):
    view.page.locator("#part-tab-samples").focus()
    view.page.keyboard.press("ArrowRight")
    view.wait_until_shown("", WALKS)
    view.page.keyboard.press("Tab")
    assert view.page.evaluate("document.activeElement.closest('#part-walks') !== null")
    unnamed = view.page.evaluate(
        """() => [...document.querySelectorAll('.model-view :is(button, input)')].filter((one) =>
            !(one.textContent || one.ariaLabel || one.labels?.[0]?.textContent)?.trim()).length"""
    )
    assert unnamed == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_part_fits_1440_by_900(open_page, tiny_address, scheme):
    explorer = open_page(tiny_address, color_scheme=scheme)
    explorer.page.click("#tab-model")
    for part, slots in (("samples", SAMPLES), ("walks", WALKS), ("mix", MIX)):
        open_part(explorer, part, slots)
        assert explorer.page.evaluate("document.documentElement.scrollHeight") <= 900
        assert explorer.page.evaluate("document.documentElement.scrollWidth") <= 1440


def test_a_phone_shows_every_part_without_sideways_scrolling(open_page, tiny_address):
    explorer = open_page(tiny_address, 390, 844)
    explorer.page.click("#tab-model")
    for part, slots in (("samples", SAMPLES), ("walks", WALKS), ("mix", MIX)):
        open_part(explorer, part, slots)
        assert explorer.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_edges_do_not_move_for_who_prefers_that(open_page, tiny_address):
    explorer = open_page(tiny_address, reduced_motion="reduce")
    explorer.page.click("#tab-model")
    explorer.page.wait_for_selector("#flow [data-edge=q-z2]")
    style = "getComputedStyle(document.querySelector('#flow [data-edge=q-z2]')).transitionDuration"
    assert explorer.page.evaluate(style) == "0s"


@needs_server("a file is damaged while it is served")
def test_a_damaged_checkpoint_is_told_once_and_the_next_model_works(open_page, serve, own_atlas):
    flip_one_byte(own_atlas / "models" / "b2-1_b1-10.safetensors")
    explorer = open_page(serve(own_atlas))
    explorer.page.click("#tab-model")
    explorer.wait_until_shown("", SAMPLES)
    message = explorer.page.locator("#model-view-message")
    explorer.page.keyboard.press("ArrowUp")
    message.wait_for(state="visible")
    assert message.inner_text().count("damaged") == 1
    explorer.page.keyboard.press("ArrowDown")
    explorer.wait_until_shown("/b2-1_b1-1/", SAMPLES)
    message.wait_for(state="hidden")


def test_colour_models_of_one_point_have_every_part(open_page, serve, tmp_path):
    config = HVAEConfig((3, 32, 32), top_dim=4, channels=2, width=8)
    explorer = open_page(serve(build_atlas(tmp_path / "rgb", (1.0,), config)))
    explorer.page.click("#tab-model")
    for part, slots in (("samples", SAMPLES), ("walks", WALKS), ("mix", MIX)):
        open_part(explorer, part, slots)
    assert explorer.page.locator("#model-view-message").inner_text() == ""
