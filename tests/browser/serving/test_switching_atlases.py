"""The choice of an atlas by its pictures: it is shown, the address says which, and Back returns."""

from __future__ import annotations

import re

import pytest
from atlas_builder import add_parent, build_atlas

POINTS = {"b2-1_b1-1", "b2-1_b1-10", "b2-10_b1-1", "b2-10_b1-10"}
CHOSEN = "() => document.querySelector('[aria-label=Atlas] [aria-selected=true]').ariaLabel"


@pytest.fixture(scope="module")
def address(serve, tiny_atlas, colour_atlas):
    return serve(tiny_atlas, colour_atlas)


def test_another_atlas_shows_its_own_models_in_the_same_view_and_back_returns(open_page, address):
    ready = "#reconstruction-0 .scatterlayer .point"
    explorer = open_page(f"{address}?view=reconstruction&units=bits&point=b2-10_b1-0.1", ready=ready)
    page, grey = explorer.page, explorer.picture("samples")
    assert page.evaluate(CHOSEN) == "Digits, 3 × 3"
    choose(page, "Digits, 2 × 2")
    page.wait_for_url(re.compile(r"atlas=colour&view=reconstruction&point=b2-1_b1-1&units=bits$"))
    explorer.wait_until_drawn("reconstruction")
    explorer.wait_until_shown("/pictures/colour/b2-1_b1-1/")
    assert set(explorer.dots("reconstruction-0")) == POINTS
    assert explorer.picture("samples") != grey
    assert explorer.text("#model-count") == "4 two-layer models"
    explorer.click_dot("b2-10_b1-10", "reconstruction-0")
    explorer.wait_until_shown("/pictures/colour/b2-10_b1-10/")
    link = explorer.address

    page.go_back()
    explorer.wait_until_drawn("reconstruction")
    explorer.wait_until_shown("/pictures/tiny/b2-10_b1-0.1/")
    assert len(explorer.dots("reconstruction-0")) == 9 and explorer.picture("samples") == grey
    assert page.evaluate(CHOSEN) == "Digits, 3 × 3"

    copied = open_page(link, ready=ready)
    copied.wait_until_shown("/pictures/colour/b2-10_b1-10/")
    assert copied.page.evaluate(CHOSEN) == "Digits, 2 × 2"


@pytest.fixture(scope="module")
def rounding(tmp_path_factory, tiny_atlas):
    """An atlas with a parent and points of its own names, and tiny's."""
    folder = tmp_path_factory.mktemp("rounding") / "rounding"
    betas = (0.09995, 10.0)
    return [tiny_atlas, add_parent(build_atlas(folder, betas=betas), betas)]


def choose(page, title):
    page.get_by_role("option", name=title).click()


@pytest.mark.parametrize(
    ("point", "there"),
    [("b2-10_b1-0.1", "b2-10_b1-0.09995"), ("b2-10_b1-1", "fold_b2-10_b1-1")],
)
def test_another_atlas_shows_the_same_betas_by_its_dot_or_else_its_fold(
    open_page, serve, rounding, point, there
):
    explorer = open_page(f"{serve(*rounding)}?point={point}")
    choose(explorer.page, "Digits, 2 × 2")
    explorer.page.wait_for_url(re.compile(f"atlas=rounding&view=landscapes&point={re.escape(there)}"))
    explorer.wait_until_shown(f"/pictures/rounding/{there}/")
    assert explorer.text("#link-message") == ""


def test_an_atlas_without_the_betas_that_were_shown_says_what_it_shows_instead(open_page, address):
    explorer = open_page(f"{address}?point=b2-10_b1-0.1")
    choose(explorer.page, "Digits, 2 × 2")
    explorer.page.wait_for_url(re.compile("atlas=colour&view=landscapes&point=b2-1_b1-1"))
    assert "“β₂,β₁ = 10,0.1” (instead: β₂ = 1, β₁ = 1)" in explorer.text("#link-message")


def test_the_choice_is_one_tab_stop_and_arrows_go_to_a_card_without_opening_it(open_page, address):
    explorer = open_page(f"{address}?point=b2-1_b1-1")
    page, focused = explorer.page, "() => document.activeElement.ariaLabel"
    own, other = "Digits, 3 × 3", "Digits, 2 × 2"
    page.get_by_role("option", name=own).focus()
    for key, reached in (("ArrowRight", other), ("ArrowRight", own), ("ArrowLeft", other)):
        page.keyboard.press(key)
        assert page.evaluate(focused) == reached and page.evaluate(CHOSEN) == own
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.closest('[role=listbox]')") is None
    assert "atlas=tiny" in explorer.address and "point=b2-1_b1-1" in explorer.address
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("atlas=colour"))


def test_each_card_shows_pictures_of_its_own_atlas(open_page, address):
    page = open_page(address).page
    colours = page.evaluate(
        """async () => {
            const found = [];
            for (const image of document.querySelectorAll('[role=option] img')) {
                await image.decode();
                const canvas = Object.assign(document.createElement('canvas'), { width: 96, height: 32 });
                canvas.getContext('2d').drawImage(image, 0, 0);
                const { data } = canvas.getContext('2d').getImageData(0, 0, 96, 32);
                const isColoured = data.some((red, at) => at % 4 === 0 && Math.abs(red - data[at + 2]) > 40);
                found.push([image.naturalWidth, image.naturalHeight, isColoured]);
            }
            return found;
        }"""
    )
    assert colours == [[96, 32, False], [96, 32, True]]


def test_many_atlases_are_in_a_menu_with_their_pictures(open_page, serve, tiny_atlas, tmp_path_factory):
    folders = [tiny_atlas]
    for index in range(4):
        folder = tmp_path_factory.mktemp("many") / f"atlas-{index}"
        folders.append(build_atlas(folder, betas=(1.0, 10.0), examples=2 + index))
    explorer = open_page(serve(*folders))
    page = explorer.page
    button = page.get_by_role("button", name="Atlas: Digits, 3 × 3")
    button.focus()
    page.keyboard.press("Enter")
    items = page.get_by_role("menuitem")
    items.first.wait_for()
    assert items.all_inner_texts() == [f"Digits, 2 × 2 (atlas-{index})" for index in range(4)]
    assert page.locator("[role=menuitem] img").count() == 4
    page.keyboard.press("Escape")
    items.first.wait_for(state="detached")
    button.click()
    page.get_by_role("menuitem", name="atlas-2").click()
    page.wait_for_url(re.compile("atlas=atlas-2"))


@pytest.mark.parametrize("width", [1440, 390])
def test_a_link_to_an_atlas_that_is_not_here_says_so_and_the_head_fits(open_page, address, width):
    explorer = open_page(f"{address}?atlas=elsewhere", width=width)
    page = explorer.page
    message = page.locator("#link-message").inner_text()
    assert message == "This link asks for something unknown: atlas “elsewhere” (instead: Digits, 3 × 3)."
    assert "atlas=tiny" in explorer.address
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    title, about = (page.locator(part).bounding_box() for part in ("h1", "#about"))
    assert about["height"] < 40 and (about["y"] >= title["y"] + title["height"] or about["x"] > title["x"])
