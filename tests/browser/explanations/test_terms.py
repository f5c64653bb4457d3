"""Words and symbols explain themselves: on hover, on focus and on a tap, in figures, too."""

from __future__ import annotations

import pytest

from app.page.explanations.records import records

SENTENCES = {record.name: record.sentences for record in records()}
CARD = "#explanation"


@pytest.fixture
def page(explorer):
    """The first page, its words split into what explains itself."""
    explorer.page.wait_for_selector(".landing-sentence .term")
    return explorer.page


def says(page, *names: str) -> None:
    page.locator(CARD).wait_for()
    for name in names:
        assert SENTENCES[name] in page.locator(CARD).inner_text()


def test_a_word_explains_itself_while_the_pointer_is_on_it_or_on_the_card(page):
    page.locator("#model-panel .stats [data-term=psnr]").hover()
    says(page, "psnr")
    box = page.locator(CARD).bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 10, steps=5)
    page.wait_for_timeout(400)
    says(page, "psnr")
    page.mouse.move(5, 5)
    page.locator(CARD).wait_for(state="hidden")


def test_tab_reaches_a_word_which_then_explains_itself_until_escape(page):
    page.locator("#pin").focus()
    page.keyboard.press("Tab")
    word = page.locator("#model-panel .stats [data-term=rate_z2]")
    assert word.evaluate("(one) => one === document.activeElement")
    says(page, "rate_z2")
    assert word.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Escape")
    page.locator(CARD).wait_for(state="hidden")
    page.keyboard.press("Enter")
    says(page, "rate_z2")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.activeElement.dataset.term === 'rate_z1'")
    says(page, "rate_z1")
    assert "point=b2-1_b1-1" in page.evaluate("location.href"), "the grid of dots is not walked"


def test_a_click_keeps_the_card_until_a_click_elsewhere(page):
    page.locator(".landing-sentence .term").first.click()
    says(page, "z2")
    page.mouse.move(5, 300)
    page.wait_for_timeout(400)
    says(page, "z2")
    page.mouse.click(5, 300)
    page.locator(CARD).wait_for(state="hidden")


def test_the_title_of_an_axis_explains_all_that_is_in_it(page):
    page.locator("#landscapes-0 .g-xtitle text").hover()
    says(page, "rate_z2", "nat")


def test_no_word_of_the_house_stands_unexplained(page):
    """Every f⁻¹, H[y], fold, parent and atlas on the page is a word that explains itself, but on controls."""
    unexplained = """() => {
        const words = /(?<![\\p{L}-])(?:f⁻¹|H\\[y\\]|folds?|parent|atlas)(?![\\p{L}])/giu;
        const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
        const found = [];
        while (texts.nextNode()) {
            const place = texts.currentNode.parentElement;
            if (place.closest('.term, pre, code, svg, [role=combobox]')) continue;
            const terms = [...place.querySelectorAll('.term')];
            const known = new Set(terms.map((one) => one.textContent.toLowerCase()));
            for (const [word] of texts.currentNode.data.matchAll(words))
                if (![...known].some((one) => one.startsWith(word.toLowerCase().replace(/s$/, ''))))
                    found.push(texts.currentNode.data);
        }
        return found;
    }"""
    for key in "123456789":
        page.keyboard.press(key)
        page.wait_for_function(f"() => !({unexplained})().length")


def test_what_is_written_later_explains_itself_too(explorer, page):
    page.keyboard.press("3")
    explorer.wait_until_drawn("representation")
    page.locator("#representation-note-0 [data-term=entropy]").wait_for()
    page.evaluate("hvae.screen.set({ layer: 'z1' })")
    page.locator("#representation-note-0 [data-term=rate_total]").wait_for()


def test_a_tap_explains_a_word_on_a_phone(open_page, tiny_address):
    page = open_page(tiny_address, width=390, height=844).page
    page.locator(".landing-sentence .term").first.click()
    says(page, "z2")
    box = page.locator(CARD).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
