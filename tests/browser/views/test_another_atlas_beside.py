"""Another atlas's points beside those of the page: a menu, hollow dots with a card, and a link to them."""

import re

import pytest
from atlas_builder import build_atlas

ALL_HAVE = """([view, count]) => {
    const plots = [...document.querySelectorAll(`#view-${view} .js-plotly-plot`)];
    const dots = (data, isWanted) => data?.find(isWanted)?.x.length ?? 0;
    return plots.length > 0 && plots.every(({ data }) =>
        dots(data, ({ name }) => name === 'points') === 9
        && dots(data, ({ name }) => name === 'beside') === count);
}"""
"""Whether all figures of a view have the tiny atlas's dots, and so many of the other one."""

FREE_DOT = """(figure) => {
    const plot = document.querySelector(`#${figure} .js-plotly-plot`), box = plot.getBoundingClientRect();
    const { _size, xaxis, yaxis } = plot._fullLayout;
    const at = ({ x, y }, i) =>
        [box.left + _size.l + xaxis.d2p(x[i]), box.top + _size.t + yaxis.d2p(y[i])];
    const own = plot.data.find(({ ids }) => ids), other = plot.data.find(({ name }) => name === 'beside');
    const apart = (i) => Math.min(...own.x.map((_, j) => {
        const [from, to] = [at(other, i), at(own, j)];
        return Math.hypot(from[0] - to[0], from[1] - to[1]) - own.marker.size[j] / 2;
    }));
    const best = other.x.map((_, i) => i).sort((a, b) => apart(b) - apart(a))[0];
    return { place: at(other, best), point: other.meta.points[best], title: other.meta.titles[best] };
}"""
"""The dot of the other atlas that is farthest from the page's own dots."""


@pytest.fixture(scope="module")
def address(serve, tiny_atlas, apart):
    return serve(tiny_atlas, apart)


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """An atlas of four points whose rates no point of the tiny one has."""
    rates = {"rate_z2": [150.0, 90.0, 120.0, 60.0], "rate_z1": [150.0, 90.0, 60.0, 120.0]}
    return build_atlas(tmp_path_factory.mktemp("beside") / "apart", (1.0, 10.0), metrics=rates)


def wait_for(explorer, view, count):
    explorer.page.wait_for_function(ALL_HAVE, arg=[view, count])


def test_a_menu_adds_as_many_dots_as_the_other_atlas_has_points_and_none_takes_them_away(open_page, address):
    explorer = open_page(address)
    page = explorer.page
    wait_for(explorer, "landscapes", 0)
    assert "Digits, 2 × 2" not in explorer.text(".signs")
    for title, count, part in (("Digits, 2 × 2", 4, "beside=apart"), ("none", 0, "")):
        page.locator("#control-beside").click()
        page.locator("[role=option].mantine-Select-option").get_by_text(title, exact=True).click()
        wait_for(explorer, "landscapes", count)
        page.locator("#tab-reconstruction").click()
        wait_for(explorer, "reconstruction", count)
        page.locator("#tab-landscapes").click()
        assert ("beside=" in explorer.address) == bool(part) and part in explorer.address
        page.wait_for_function(
            "(wanted) => document.querySelector('.signs').innerText.includes('Digits, 2 × 2') === wanted",
            arg=bool(count),
        )


def test_a_link_restores_the_other_atlas_and_a_card_names_it(open_page, address):
    explorer = open_page(
        f"{address}?view=reconstruction&beside=apart&axes=log", ready="#reconstruction-0 .point"
    )
    page = explorer.page
    wait_for(explorer, "reconstruction", 4)
    dot = page.evaluate(FREE_DOT, "reconstruction-0")
    page.mouse.move(*dot["place"])
    page.wait_for_selector(".dot-card:not([hidden])")
    assert explorer.text(".dot-card b") == f"Digits, 2 × 2: {dot['title']}"
    lines = page.locator(".dot-card dl div").all_inner_texts()
    assert [line.split("\n")[0] for line in lines] == ["R(z₂)", "R(z₁|z₂)", "PSNR"]
    page.mouse.click(*dot["place"])
    page.wait_for_url(
        re.compile(f"atlas=apart&view=reconstruction&point={re.escape(dot['point'])}.*beside=tiny")
    )
    explorer.wait_until_shown(f"/pictures/apart/{dot['point']}/")
    assert explorer.text("#link-message") == ""


def test_a_tap_shows_the_card_of_another_atlas_with_a_button_that_opens_it(open_page, address):
    explorer = open_page(
        f"{address}?view=reconstruction&beside=apart&axes=log",
        ready="#reconstruction-0 .point",
        width=390,
        height=844,
    )
    page = explorer.page
    wait_for(explorer, "reconstruction", 4)
    page.locator("#reconstruction-0").scroll_into_view_if_needed()
    finger = page.context.new_cdp_session(page)

    def tap(x, y):
        finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    dot = page.evaluate(FREE_DOT, "reconstruction-0")
    tap(*dot["place"])
    card = page.locator(".dot-card")
    card.wait_for()
    assert explorer.text(".dot-card b") == f"Digits, 2 × 2: {dot['title']}"
    assert "atlas=tiny" in explorer.address, "a tap alone opens nothing"
    box = card.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["y"] + box["height"] <= 844
    tap(5, 5)
    card.wait_for(state="hidden")
    tap(*dot["place"])
    button = card.get_by_role("button", name="Open this atlas at this model").bounding_box()
    tap(button["x"] + button["width"] / 2, button["y"] + button["height"] / 2)
    page.wait_for_url(re.compile(f"atlas=apart&view=reconstruction&point={re.escape(dot['point'])}"))


@pytest.mark.parametrize("named", ["elsewhere", "tiny"])
def test_a_link_to_an_atlas_that_cannot_stand_beside_says_so(open_page, address, named):
    explorer = open_page(f"{address}?beside={named}")
    assert f"atlas beside this one “{named}” (instead: none)" in explorer.text("#link-message")
    wait_for(explorer, "landscapes", 0)


def test_an_atlas_alone_has_no_such_menu(open_page, tiny_address):
    page = open_page(tiny_address).page
    assert page.locator("#control-beside").count() == 0 and "Beside" not in page.inner_text(".legend")
