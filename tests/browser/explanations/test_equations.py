"""The ∑ beside metrics and bounds: the equation of what is chosen there."""

from __future__ import annotations

import pytest

from hvae.bounds import DISTORTION_BOUND
from hvae.metrics.registry import metric_of

ALL_EQUATIONS = """async () => {
    const { records } = await (await fetch('/explanations.json')).json();
    const place = document.body.appendChild(document.createElement('div'));
    const faults = [];
    const make = ([name, ...parts]) => {
        const made = document.createElementNS('http://www.w3.org/1998/Math/MathML', name);
        if (Object.getPrototypeOf(made) !== MathMLElement.prototype) faults.push(name);
        for (const part of parts)
            if (Array.isArray(part)) made.append(make(part));
            else if (typeof part === 'string') made.append(part);
        return made;
    };
    for (const [name, { equations }] of Object.entries(records))
        for (const equation of equations ?? []) {
            place.replaceChildren(make(equation));
            const { width, height } = place.firstChild.getBoundingClientRect();
            if (width < 30 || height < 10) faults.push(name);
        }
    place.remove();
    return faults;
}"""


def opened(page, button) -> str:
    """The text of the card that a ∑ unfolds."""
    button.click()
    page.locator("#explanation").wait_for()
    assert button.get_attribute("aria-expanded") == "true"
    return page.locator("#explanation").inner_text()


def test_the_equation_is_of_the_metric_that_is_chosen_and_escape_closes_it(explorer):
    page = explorer.page
    page.get_by_role("button", name="Equation: PSNR").first.wait_for()
    button = page.locator("#view-landscapes .equation-button").first
    card = page.locator("#explanation")
    assert metric_of("psnr").explanation.sentences in opened(page, button)
    assert card.locator("math").count() == 2
    page.keyboard.press("Escape")
    card.wait_for(state="hidden")
    assert button.evaluate("(one) => one === document.activeElement")
    page.evaluate("hvae.screen.set({ sizes: ['distortion', ...hvae.screen.current.sizes.slice(1)] })")
    assert metric_of("distortion").explanation.sentences in opened(page, button)
    page.mouse.click(5, 400)
    card.wait_for(state="hidden")


def test_a_bound_has_one_too_in_its_view_and_another_view_closes_the_card(explorer):
    page = explorer.page
    page.keyboard.press("2")
    explorer.wait_until_drawn("reconstruction")
    legend = page.locator(".legend").get_by_role("button", name=f"Equation: {DISTORTION_BOUND.title}")
    assert DISTORTION_BOUND.sentences in opened(page, legend)
    page.keyboard.press("4")
    page.locator("#explanation").wait_for(state="hidden")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_card_is_inside_the_window(open_page, tiny_address, width):
    page = open_page(tiny_address, width=width, height=720).page
    for button in page.locator("#view-landscapes .equation-button").all():
        button.scroll_into_view_if_needed()
        opened(page, button)
        box = page.locator("#explanation").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        assert box["y"] >= 0 and box["y"] + box["height"] <= 720
        button.click()


def test_chromium_draws_every_equation(explorer):
    assert explorer.page.evaluate(ALL_EQUATIONS) == []
