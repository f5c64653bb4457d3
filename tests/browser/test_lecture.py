"""Lecture mode: eight steps, each of which sets the page, in type for a hall."""

from urllib.parse import parse_qs, urlsplit

import pytest
from pages import CAN_BE_SCROLLED_TO, UNDRAWN

from app.page.lecture import STEPS

SMALL_TEXT = """() => {
    const texts = document.createTreeWalker(document.querySelector('.page'), NodeFilter.SHOW_TEXT);
    const found = [];
    while (texts.nextNode()) {
        const text = texts.currentNode.textContent.trim(), element = texts.currentNode.parentElement;
        if (!text || !element.checkVisibility({visibilityProperty: true})) continue;
        if (element.getBoundingClientRect().width < 2 || element.closest('sub, sup, tspan')) continue;
        const place = element.getScreenCTM?.(), scale = place ? Math.hypot(place.a, place.b) : 1;
        const size = scale * parseFloat(getComputedStyle(element).fontSize);
        if (size < 19.9) found.push([size, text]);
    }
    return found;
}"""


def step(explorer):
    return parse_qs(urlsplit(explorer.address).query).get("lecture", ["0"])[0]


def walk(explorer):
    """Begin a lecture and yield the number of each step, one after another."""
    explorer.page.keyboard.press("l")
    for number in range(1, STEPS + 1):
        yield number
        explorer.page.keyboard.press("PageDown")


def test_l_begins_a_lecture_of_eight_steps_that_each_say_a_sentence(explorer):
    sentences, screens = set(), set()
    for number in walk(explorer):
        assert step(explorer) == str(number)
        assert explorer.text("#lecture-number") == f"{number} / {STEPS}"
        sentences.add(explorer.text("#lecture-sentence"))
        screens.add(explorer.address)
    assert len(sentences) == len(screens) == STEPS
    assert explorer.page.locator("#lecture-next").is_disabled()


def test_a_step_sets_view_and_model(explorer):
    explorer.page.keyboard.press("l")
    explorer.page.click("#lecture-next")
    explorer.page.wait_for_selector("#view-reconstruction", state="visible")
    assert "point=b2-0.1_b1-0.1" in explorer.address
    explorer.page.click("#lecture-back")
    assert step(explorer) == "1" and "view=model" in explorer.address


def test_an_address_that_says_a_step_alone_opens_at_that_steps_screen(open_page, tiny_address):
    explorer = open_page(f"{tiny_address}?lecture=2", ready="#reconstruction-0 .point")
    assert step(explorer) == "2" and "point=b2-0.1_b1-0.1" in explorer.address


def test_escape_leaves_the_lecture(explorer):
    explorer.page.keyboard.press("l")
    assert explorer.page.locator("#lecture").is_visible()
    explorer.page.keyboard.press("Escape")
    assert not explorer.page.locator("#lecture").is_visible() and step(explorer) == "0"


AMISS = f"""() => [
    ...({SMALL_TEXT})(),
    ...({UNDRAWN})().map((place) => `${{place.id}} is not drawn`),
    ...(document.documentElement.scrollHeight > 1080 ? ['higher than the screen'] : []),
]"""


def lasting(explorer, faults):
    """What a function of the page finds amiss, once that is nothing or ten seconds are over."""
    return explorer.page.evaluate(
        f"""async () => {{
            const end = performance.now() + 10_000;
            let found = ({faults})();
            while (found.length && performance.now() < end) {{
                await new Promise(requestAnimationFrame);
                found = ({faults})();
            }}
            return found;
        }}"""
    )


def test_at_1080p_every_step_fits_one_screen_in_type_of_20_pixels(open_page, tiny_address):
    explorer = open_page(tiny_address, 1920, 1080)
    for number in walk(explorer):
        assert lasting(explorer, AMISS) == [], number


HEIGHTS = """() => [...document.querySelectorAll('.figure-column')]
    .filter((column) => column.checkVisibility())
    .map((column) => [column, column.querySelector('.linked-figure')])
    .map((parts) => parts.map((part) => part.getBoundingClientRect().height))"""


@pytest.mark.parametrize("window", [(1366, 768), (1920, 1080), (3840, 2160)])
def test_in_every_step_figures_take_most_of_their_place(open_page, tiny_address, window):
    explorer = open_page(tiny_address, *window)
    for number in walk(explorer):
        heights = explorer.page.evaluate(HEIGHTS)
        assert all(figure > 0.65 * column for column, figure in heights), (number, heights)


BEYOND = f"""() => [...document.querySelectorAll('.page *')]
    .filter((it) => it.checkVisibility({{visibilityProperty: true}}) && !it.closest('svg, .js-plotly-plot'))
    .filter((it) => !({CAN_BE_SCROLLED_TO})(it))
    .map((it) => it.getBoundingClientRect())
    .filter((box) => box.width && box.right > window.innerWidth + 1)
    .map((box) => box.right)"""


def test_on_a_phone_no_step_is_wider_than_the_screen(open_page, tiny_address):
    explorer = open_page(tiny_address, 390, 844)
    for number in walk(explorer):
        explorer.page.wait_for_timeout(300)
        assert explorer.page.evaluate(BEYOND) == [], number
