"""The rate planes: clicking dots, what the selected one looks like, and what sets the dots' looks."""

import itertools

import pytest
from atlas_builder import build_atlas, flip_one_byte
from ways_to_serve import needs_server

from hvae.atlas.atlas import Atlas

FIVE = ["b2-0.1_b1-0.1", "b2-10_b1-0.1", "b2-1_b1-0.1", "b2-0.1_b1-10", "b2-10_b1-10"]
THREE = ["landscapes-0", "landscapes-1", "landscapes-2"]


@pytest.fixture
def explorer(same_page):
    return same_page


@pytest.fixture(scope="module")
def measured_address(serve, tmp_path_factory):
    """The page of an atlas with an accuracy and an inception score, each best in another corner."""
    return serve(measured_atlas(tmp_path_factory.mktemp("measured") / "measured"))


def measured_atlas(folder):
    steps = range(9)
    return build_atlas(
        folder,
        metrics={
            "acc_rbf_svm_z2": [0.9 - 0.05 * abs(step - 2) for step in steps],
            "inception_score": [5 - 0.3 * abs(step - 4) for step in steps],
        },
    )


def choose(explorer, control, option):
    explorer.page.locator(f"#control-{control}").click()
    explorer.page.get_by_role("option", name=option, exact=True).click()


def wait_for_trace(explorer, figure, condition):
    """Wait until `condition`, JavaScript about `dots` and `layout`, holds in a figure."""
    explorer.page.wait_for_function(
        f"""() => {{
            const plot = document.querySelector('#{figure} .js-plotly-plot');
            const dots = plot.data.find((trace) => trace.ids), layout = plot.layout;
            return {condition};
        }}"""
    )


def test_clicking_five_dots_changes_samples_and_reconstructions_each_time(explorer):
    seen = {slot: [explorer.picture(slot)] for slot in ("samples", "reconstructions", "traversal")}
    for point in FIVE:
        explorer.select(point)
        for slot, pictures in seen.items():
            pictures.append(explorer.picture(slot))
    assert all(len(set(pictures)) == 6 for pictures in seen.values())


def test_title_and_numbers_are_those_of_the_clicked_dot(explorer):
    assert explorer.text("#model-title") == "β₂ = 1, β₁ = 1"
    explorer.select("b2-0.1_b1-10")
    explorer.page.wait_for_function(
        "() => document.getElementById('model-title').textContent === 'β₂ = 0.1, β₁ = 10'"
    )
    assert explorer.text("#stat-rate_z2").endswith("nats") and explorer.text("#stat-psnr").endswith("dB")


@pytest.mark.parametrize("point", FIVE[:3])
def test_the_selected_dot_wears_a_ring(explorer, point):
    explorer.select(point)
    explorer.expect_ring_around(point)


def test_of_quick_clicks_the_last_one_counts(explorer):
    dots = explorer.dots()
    for point in FIVE:
        explorer.page.mouse.click(dots[point]["x"], dots[point]["y"])
    explorer.wait_until_shown(f"/{FIVE[-1]}/")
    explorer.page.wait_for_timeout(400)
    explorer.wait_until_shown(f"/{FIVE[-1]}/")
    assert explorer.text("#model-title") == "β₂ = 10, β₁ = 10"
    assert explorer.page.locator(".ring").first.get_attribute("data-point") == FIVE[-1]


def asked_for(explorer, point):
    """The addresses of a point's pictures that the page asks the server for from here on."""
    addresses = []
    explorer.page.on(
        "request", lambda request: addresses.append(request.url) if f"/{point}/" in request.url else None
    )
    return addresses


STRIP = ("samples.png?n=32", "reconstructions.png", "traversal.png")


def test_a_dot_that_the_pointer_stays_on_is_asked_for_ahead_and_only_once(served_explorer):
    point = FIVE[1]
    addresses = asked_for(served_explorer, point)
    dot = served_explorer.dots()[point]
    with served_explorer.page.expect_response(lambda response: f"/{point}/traversal" in response.url):
        served_explorer.page.mouse.move(dot["x"], dot["y"])  # that is the last of them
    served_explorer.page.mouse.down()
    served_explorer.page.mouse.up()
    served_explorer.wait_until_shown(f"/{point}/")
    for part in STRIP:
        assert len([address for address in addresses if part in address]) == 1, part


def test_a_dot_that_the_pointer_passes_over_is_not_asked_for_ahead(served_explorer):
    point = FIVE[1]
    addresses = asked_for(served_explorer, point)
    served_explorer.page.evaluate(
        """({ x, y }) => {
            const plane = document.elementFromPoint(x, y);
            for (const clientX of [x, x + 300]) {
                const move = { clientX, clientY: y, bubbles: true, pointerType: 'mouse' };
                plane.dispatchEvent(new PointerEvent('pointermove', move));
            }
        }""",
        served_explorer.dots()[point],
    )
    served_explorer.page.wait_for_timeout(200)
    assert [address for address in addresses if STRIP[0] in address] == []


def test_a_press_asks_ahead_where_nothing_hovers(served_explorer):
    """On a screen that is touched."""
    point = FIVE[2]
    with served_explorer.page.expect_response(lambda response: f"/{point}/samples.png?n=32" in response.url):
        served_explorer.page.evaluate(
            """({ x, y }) => document.elementFromPoint(x, y).dispatchEvent(new PointerEvent('pointerdown',
                { clientX: x, clientY: y, bubbles: true, pointerType: 'touch', isPrimary: true }))""",
            served_explorer.dots()[point],
        )
    assert f"point={point}" not in served_explorer.address


def test_a_click_beside_all_dots_changes_nothing(explorer):
    box = explorer.page.locator("#landscapes-0 .nsewdrag").bounding_box()
    before = explorer.page.evaluate("hvae.screen.current.change")
    explorer.page.mouse.click(box["x"] + box["width"] - 4, box["y"] + 4)
    assert explorer.page.evaluate("hvae.screen.current.change") == before


def test_the_selected_dot_wears_a_ring_in_every_plane(open_page, measured_address):
    explorer = open_page(measured_address)
    explorer.wait_until_drawn("landscapes")
    explorer.click_dot(FIVE[1], THREE[2])
    for figure in THREE:
        explorer.expect_ring_around(FIVE[1], figure)


def test_clicking_again_at_the_same_place_goes_through_the_dots_there(open_page, serve, tmp_path):
    rates = {"rate_z2": [20.0] * 3 + [1.0] * 6, "rate_z1": [30.0, 30.0, 30.1] + [2.0] * 6}
    explorer = open_page(serve(build_atlas(tmp_path / "crowded", metrics=rates)))
    seen = []
    for _ in range(4):
        explorer.click_dot("b2-0.1_b1-0.1")
        seen.append(explorer.page.evaluate("hvae.screen.current.point"))
    assert set(seen[:3]) == {"b2-0.1_b1-0.1", "b2-0.1_b1-1", "b2-0.1_b1-10"} and seen[3] == seen[0]


def test_another_size_metric_resizes_the_dots_and_keeps_the_selection(explorer):
    explorer.select("b2-0.1_b1-10")
    before = explorer.dots()["b2-0.1_b1-0.1"]["size"]
    choose(explorer, "size-0", "Negative ELBO")
    wait_for_trace(
        explorer, "landscapes-0", f"dots.marker.size[dots.ids.indexOf('b2-0.1_b1-0.1')] !== {before}"
    )
    explorer.expect_ring_around("b2-0.1_b1-10")
    assert explorer.text("#landscapes-note-0") == "lowest 900.0 nats"
    assert "sizes=neg_elbo" in explorer.address and "point=b2-0.1_b1-10" in explorer.address


def test_planes_are_headed_by_their_goals_and_stay_so_with_other_metrics(open_page, measured_address):
    explorer = open_page(measured_address)
    heads = explorer.page.locator("#view-landscapes h2")
    assert heads.all_inner_texts() == ["Reconstruct", "Represent", "Generate"]
    sentence = "#landscapes-sentence"
    assert explorer.text(sentence) == (
        "9 models, one question: what should z₂ know? The best at reconstructing, representing and "
        "generating are three different ones. Click any dot."
    )
    choose(explorer, "size-2", "Accuracy, RBF SVM on z₂")
    explorer.page.wait_for_function(
        "() => document.querySelectorAll('#view-landscapes h2')[2].innerText === 'Represent'"
    )
    assert heads.all_inner_texts() == ["Reconstruct", "Represent", "Represent"]
    symbols = [explorer.page.locator(f"#landscapes-symbol-{index}") for index in range(3)]
    classes = [symbol.get_attribute("class").split()[-1] for symbol in symbols]
    assert classes == ["of-reconstruction", "of-representation", "of-representation"]
    assert "reconstructing and representing are two different ones" in explorer.text(sentence)
    choose(explorer, "size-0", "Negative ELBO")
    explorer.page.wait_for_function(
        "() => document.querySelectorAll('#view-landscapes h2')[0].innerText === 'Negative ELBO'"
    )


def test_bits_and_logarithmic_axes_are_one_click_each_and_said_by_the_address(explorer):
    explorer.page.get_by_role("radiogroup", name="Units").get_by_text("bits").click()
    wait_for_trace(explorer, "landscapes-0", "layout.xaxis.title.text === 'R(z₂), bits per image'")
    explorer.page.get_by_role("radiogroup", name="Axes of rates").get_by_text("log").click()
    wait_for_trace(explorer, "landscapes-0", "layout.xaxis.type === 'log'")
    assert "units=bits" in explorer.address and "axes=log" in explorer.address
    explorer.select(FIVE[0])
    explorer.expect_ring_around(FIVE[0])


def test_a_link_shows_the_controls_as_it_says(open_page, tiny_address):
    explorer = open_page(f"{tiny_address}?units=bits&axes=log&colour=psnr&sizes=distortion")
    wait_for_trace(explorer, "landscapes-0", "layout.xaxis.type === 'log'")
    assert explorer.page.locator("#control-size-0").input_value() == "Distortion"
    assert explorer.page.locator("#control-colour").input_value() == "PSNR"
    assert explorer.page.get_by_role("radio", name="bits").is_checked()
    assert "units=bits" in explorer.address


def test_hovering_shows_a_card_with_the_dots_numbers_and_samples(explorer):
    dot = explorer.dots()["b2-10_b1-1"]
    explorer.page.mouse.move(dot["x"] + 1, dot["y"])
    explorer.wait_until_shown("/b2-10_b1-1/samples.png?n=8&seed=0", ("hover",))
    card = explorer.page.locator(".dot-card")
    assert "β₂ = 10, β₁ = 1" in card.inner_text() and "PSNR" in card.inner_text()
    assert "point=b2-1_b1-1" in explorer.address
    box, window = card.bounding_box(), explorer.page.viewport_size
    assert box["x"] >= 0 and box["x"] + box["width"] <= window["width"]
    explorer.page.mouse.move(5, 5)
    card.wait_for(state="hidden")


@needs_server("a file is damaged while it is served")
def test_the_card_of_a_damaged_model_says_so_and_the_next_dots_does_not(open_page, serve, own_atlas):
    flip_one_byte(own_atlas / "models" / "b2-10_b1-1.safetensors")  # before a page can fetch the good file
    explorer = open_page(serve(own_atlas))
    dots = explorer.dots()
    why = explorer.page.locator(".dot-card .picture-note")
    explorer.page.mouse.move(dots["b2-10_b1-1"]["x"], dots["b2-10_b1-1"]["y"])
    why.wait_for(state="visible")
    assert "b2-10_b1-1.safetensors" in why.inner_text() and "damaged" in why.inner_text()
    assert "β₂ = 10, β₁ = 1" in explorer.text(".dot-card")
    explorer.page.mouse.move(dots["b2-0.1_b1-10"]["x"], dots["b2-0.1_b1-10"]["y"])
    explorer.wait_until_shown("/b2-0.1_b1-10/", ("hover",))
    assert why.is_hidden()


def test_a_cell_of_the_colour_key_selects_its_point_and_wears_a_ring(explorer):
    explorer.page.locator(".legend .key-cells [data-point='b2-0.1_b1-10']").click()
    explorer.wait_until_shown("/b2-0.1_b1-10/")
    assert (
        explorer.page.locator(".legend .key-cells .is-selected").get_attribute("data-point") == "b2-0.1_b1-10"
    )
    corner, other = (
        explorer.page.locator(f".legend .key-cells [data-point='{point}']").bounding_box()
        for point in ("b2-0.1_b1-10", "b2-10_b1-0.1")
    )
    assert corner["x"] < other["x"] and corner["y"] < other["y"], "β₂ to the right, β₁ upwards"


def test_tab_reaches_the_colour_key_and_arrows_walk_its_cells(explorer):
    page = explorer.page
    key = page.get_by_role("radiogroup", name="Models by β")
    assert key.get_by_role("radio", checked=True).get_attribute("title") == "β₂ = 1, β₁ = 1"
    stops = "() => [...document.querySelectorAll('.legend .key-cells [tabindex=\"0\"]')].length"
    assert page.evaluate(stops) == 1
    page.locator(".legend .key-cells .is-selected").focus()
    for key_name, title in (("ArrowRight", "β₂ = 10, β₁ = 1"), ("ArrowDown", "β₂ = 10, β₁ = 0.1")):
        page.keyboard.press(key_name)
        assert page.evaluate("document.activeElement.title") == title
        assert key.get_by_role("radio", checked=True).get_attribute("title") == title
    assert page.evaluate(stops) == 1
    explorer.wait_until_shown("/b2-10_b1-0.1/")


def test_coloured_by_a_metric_dots_and_key_have_the_same_colours(explorer):
    choose(explorer, "colour", "PSNR")
    explorer.page.wait_for_selector(".key-ramp")
    explorer.page.wait_for_function(
        """() => {
            const plot = document.querySelector('#landscapes-0 .js-plotly-plot');
            const dots = plot.data.find((trace) => trace.ids);
            const paint = document.createElement('i');
            return new Set(dots.marker.color).size > 4 && dots.ids.every((point, i) => {
                paint.style.backgroundColor = dots.marker.color[i];
                const cell = document.querySelector(`.legend .key-cells [data-point='${point}']`);
                return paint.style.backgroundColor === cell.style.backgroundColor;
            });
        }"""
    )
    assert explorer.page.locator(".legend .key-cells .is-selected").count() == 1


@pytest.mark.parametrize("missing", ["everything", "one point"])
def test_an_atlas_with_next_to_nothing_has_a_plane_or_words(open_page, serve, tmp_path, missing):
    nan = [float("nan")] * 9
    if missing == "one point":
        explorer = open_page(serve(build_atlas(tmp_path / "one", betas=(1.0,))))
        assert len(explorer.dots()) == 1 and explorer.page.locator(".legend .key-cells i").count() == 1
    else:
        metrics = {column: nan for column in ("rate_z2", "rate_z1", "psnr", "distortion", "neg_elbo")}
        folder = build_atlas(tmp_path / "none", metrics=metrics)
        page = open_page(serve(folder), ready="#landscapes-0 .annotation").page
        assert "measured" in page.locator("#landscapes-0 .annotation").text_content()


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_planes_stand_side_by_side(open_page, measured_address, width, height):
    explorer = open_page(measured_address, width, height)
    explorer.wait_until_drawn("landscapes")
    boxes = [explorer.page.locator(f"#{figure} .main-svg").first.bounding_box() for figure in THREE]
    for one, other in itertools.pairwise(boxes):
        assert one["x"] + one["width"] <= other["x"] and one["y"] == other["y"]
    assert all(box["width"] > 250 and box["height"] > 240 for box in boxes)


def test_dots_rings_and_type_grow_on_a_large_screen(open_page, tiny_address):
    explorer = open_page(tiny_address, 3840, 2160)
    font = "document.querySelector('#landscapes-0 .js-plotly-plot').layout.font.size"
    explorer.page.wait_for_function(f"() => {font} > 20")
    large = explorer.dots()["b2-1_b1-1"]["size"]
    explorer.expect_ring_around("b2-1_b1-1")
    explorer.page.set_viewport_size({"width": 1440, "height": 900})
    explorer.page.wait_for_function(f"() => {font} < 14")
    assert explorer.dots()["b2-1_b1-1"]["size"] == pytest.approx(large / 2)


@pytest.fixture(scope="module")
def mnist_address(serve):
    return serve(Atlas.shipped("mnist").path)


LABELS = """() => [...document.querySelectorAll('#view-landscapes .linked-figure')].map((figure) =>
    [...figure.querySelectorAll('.optimum')].filter((label) => label.checkVisibility()).map((label) => {
        const { x, y, width, height } = label.getBoundingClientRect();
        return { x, y, width, height, word: label.innerText.trim(), point: label.dataset.point };
    }))"""


@pytest.mark.parametrize("axes", ["linear", "log"])
def test_labels_of_the_optima_cover_neither_dots_nor_each_other(open_page, mnist_address, axes):
    explorer = open_page(f"{mnist_address}?axes={axes}", 1280, 720)
    for figure in THREE:
        wait_for_trace(explorer, figure, f"layout.xaxis.type === '{axes}' || '{axes}' === 'linear'")
    explorer.page.wait_for_timeout(300)
    for figure, labels in zip(THREE, explorer.page.evaluate(LABELS), strict=True):
        assert sorted(label["word"] for label in labels) == ["Generate", "Reconstruct", "Represent"]
        for one, other in itertools.combinations(labels, 2):
            across = max(one["x"] - other["x"] - other["width"], other["x"] - one["x"] - one["width"])
            up = max(one["y"] - other["y"] - other["height"], other["y"] - one["y"] - one["height"])
            assert max(across, up) > 0
        for dot, label in itertools.product(explorer.dots(figure).values(), labels):
            across = max(label["x"] - dot["x"], 0, dot["x"] - label["x"] - label["width"])
            up = max(label["y"] - dot["y"], 0, dot["y"] - label["y"] - label["height"])
            assert (across**2 + up**2) ** 0.5 > dot["size"] / 2


def test_a_label_of_an_optimum_selects_its_model_and_shows_samples_of_it(open_page, measured_address):
    explorer = open_page(measured_address)
    explorer.wait_until_drawn("landscapes")
    label = explorer.page.locator("#landscapes-place-2 .optimum").first
    point = label.get_attribute("data-point")
    assert label.inner_text().strip() == "Generate" and point == "b2-1_b1-1"
    explorer.wait_until_shown(f"/{point}/samples.png?n=4", ("landscapes-2-optimum-0",))
    explorer.select(FIVE[0])
    label.click()
    explorer.wait_until_shown(f"/{point}/")
    assert explorer.page.evaluate("hvae.screen.current.point") == point
    explorer.page.locator("#landscapes-place-0 .optimum").first.focus()
    explorer.page.keyboard.press("Enter")
    best = max(explorer.dots("landscapes-0").items(), key=lambda dot: dot[1]["size"])[0]
    explorer.wait_until_shown(f"/{best}/")
