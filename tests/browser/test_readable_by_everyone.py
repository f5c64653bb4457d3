"""Readable by everyone: contrast of text, names of controls, tabs that say what they show, no motion."""

from __future__ import annotations

import pytest

from app.page.views import VIEWS

CONTRAST = 4.5
"""WCAG 2.2, success criterion 1.4.3."""

# Relative luminance as WCAG defines it; what is transparent is laid over what is behind it, unless that is a
# picture.
TOO_FAINT = r"""(least) => {
    const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (colour) => {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
        return [red, green, blue, alpha / 255];
    };
    const over = (front, back) => [0, 1, 2].map((i) => front[i] * front[3] + back[i] * (1 - front[3]));
    const luminance = (colour) => {
        const [red, green, blue] = colour.slice(0, 3).map((value) => {
            const share = value / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const ancestors = (one) => one ? [one, ...ancestors(one.parentElement)] : [];
    const faint = {};
    for (const one of document.querySelectorAll('.page *')) {
        const words = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
        if (!words || one.closest(':disabled, .thumbnail, .own-place')) continue;
        if (!one.checkVisibility({ visibilityProperty: true })) continue;
        const style = getComputedStyle(one), around = ancestors(one).map((each) => getComputedStyle(each));
        const grounds = around.map((each) => rgba(each.backgroundColor));
        const back = grounds.reverse().reduce((under, ground) => over(ground, under), [255, 255, 255]);
        const ink = rgba(one instanceof SVGElement ? style.fill : style.color);
        ink[3] *= around.reduce((product, each) => product * Number(each.opacity), 1);
        const [dark, light] = [luminance(over(ink, back)), luminance(back)].sort((a, b) => a - b);
        const ratio = (light + 0.05) / (dark + 0.05);
        if (ratio < least) faint[one.textContent.trim().slice(0, 40)] = ratio.toFixed(2);
    }
    return faint;
}"""

FAULTS = r"""() => {
    const isSeen = (one) => one.checkVisibility({ visibilityProperty: true }) && one.offsetWidth;
    const name = (one) => one.ariaLabel || one.alt || one.title || one.textContent.trim()
        || [...(one.labels || [])].map((label) => label.textContent).join(' ').trim();
    const faults = [];
    for (const one of document.querySelectorAll('button, a[href], input, select, [tabindex="0"], [role=img]'))
        if (isSeen(one) && !name(one)) faults.push(`no name: ${one.outerHTML.slice(0, 100)}`);
    for (const one of document.querySelectorAll('img'))
        if (!one.hasAttribute('alt')) faults.push(`no alt: ${one.outerHTML.slice(0, 100)}`);
    for (const tab of document.querySelectorAll('[role=tab]')) {
        const shown = document.getElementById(tab.getAttribute('aria-controls'));
        if (shown?.role !== 'tabpanel') faults.push(`controls nothing: ${tab.id}`);
        else if (isSeen(tab) && (tab.ariaSelected === 'true') !== Boolean(isSeen(shown))) faults.push(tab.id);
    }
    const moving = [...document.querySelectorAll('.page *')].filter((one) => {
        const { transitionDuration, animationName, animationDuration } = getComputedStyle(one);
        const lasts = (times) => times.split(',').some((time) => parseFloat(time) > 0);
        return lasts(transitionDuration) || (animationName !== 'none' && lasts(animationDuration));
    });
    return [...faults, ...moving.map((one) => `moves: ${one.outerHTML.slice(0, 100)}`)];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_controls_have_names_and_nothing_moves(open_page, tiny_address, scheme):
    page = open_page(f"{tiny_address}?pins=b2-1_b1-1", color_scheme=scheme, reduced_motion="reduce").page
    for key, view in enumerate(VIEWS, start=1):
        page.keyboard.press(str(key))
        page.wait_for_selector(f"#view-{view}:not([hidden])", state="attached")
        page.wait_for_function("() => !document.querySelector('.view:not([hidden]) .linked-figure:empty')")
        assert page.evaluate(TOO_FAINT, CONTRAST) == {}, view
        assert page.evaluate(FAULTS) == [], view


@pytest.fixture(scope="module")
def two_atlases(serve, tiny_atlas, colour_atlas):
    """The address of a page with a choice of atlases."""
    return serve(tiny_atlas, colour_atlas)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_choice_of_atlases_stands_out_and_has_names(open_page, two_atlases, scheme):
    page = open_page(two_atlases, color_scheme=scheme, reduced_motion="reduce").page
    page.get_by_role("listbox", name="Atlas").get_by_role("option", name="Digits, 2 × 2").wait_for()
    assert page.evaluate(TOO_FAINT, CONTRAST) == {}
    assert page.evaluate(FAULTS) == []


CALLED = (
    "(one) => (one.type === 'radio' ? one.name : one.id || one.dataset.term || one.ariaLabel "
    "|| one.outerHTML)"
)
"""What a control is known by, which does not change while pictures are drawn on it."""


def test_tab_reaches_every_control_of_a_view_and_of_the_head(open_page, two_atlases):
    page = open_page(two_atlases).page
    page.wait_for_selector(".term")  # words that explain themselves are controls, too
    controls = f"""() => [...document.querySelectorAll('button, a[href], input, [tabindex="0"]')].filter(
        (one) => one.checkVisibility({{ visibilityProperty: true }}) && one.offsetWidth && one.tabIndex >= 0
            && !one.disabled).map({CALLED})"""
    page.evaluate("() => { document.body.tabIndex = -1; document.body.focus(); }")
    named, reached = page.evaluate(controls), set()
    for _ in range(len(named) + 2):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(f"() => ({CALLED})(document.activeElement)"))
    assert set(named) - reached == set()
