"""The address bar holds what is on screen: copy the link, get the same picture."""

from urllib.parse import parse_qs, urlsplit

import pytest


def said(explorer):
    return {name: values[0] for name, values in parse_qs(urlsplit(explorer.address).query).items()}


def test_it_says_atlas_view_and_point_from_the_start(explorer):
    assert said(explorer) == {"atlas": "tiny", "view": "landscapes", "point": "b2-1_b1-1"}


def test_a_copied_link_shows_the_same_pictures(explorer, open_page):
    explorer.select("b2-10_b1-0.1")
    explorer.page.click("#draw-again")
    explorer.wait_until_shown("seed=1", ("samples", "traversal"))
    copied = open_page(explorer.address)
    copied.wait_until_shown("/b2-10_b1-0.1/")
    assert [copied.picture(slot) for slot in ("samples", "reconstructions")] == [
        explorer.picture(slot) for slot in ("samples", "reconstructions")
    ]
    assert copied.text("#model-title") == "β₂ = 10, β₁ = 0.1"


def test_a_copied_link_has_sliders_and_temperature_where_they_are(explorer, open_page):
    explorer.slide(0, 1.5)
    explorer.slide(2, -0.2)
    explorer.wait_until_shown("z2.0=1.5&z2.2=-0.2", ("traversal",))
    explorer.page.click("#tab-model")
    explorer.page.locator("#temperature").fill("0.4")
    explorer.wait_until_shown("temperature=0.4", ("model-samples",))
    assert said(explorer)["shifts"] == "z2.0:1.5,z2.2:-0.2" and said(explorer)["temperature"] == "0.4"
    explorer.page.click("#tab-landscapes")

    copied = open_page(explorer.address)
    copied.wait_until_shown("z2.0=1.5&z2.2=-0.2", ("traversal",))
    assert copied.picture("traversal") == explorer.picture("traversal")
    assert copied.page.locator("#traversal-sliders output").all_inner_texts()[:3] == ["+1.50", "0", "−0.20"]
    copied.page.click("#tab-model")
    copied.wait_until_shown("temperature=0.4", ("model-samples",))
    assert copied.picture("model-samples") == explorer.picture("model-samples")
    copied.page.click("#part-tab-walks")
    copied.wait_until_shown("z2.0=1.5&z2.2=-0.2", ("model-z2",))
    copied.page.locator("#z1-sliders input").first.fill("-1")
    copied.page.click("#tab-landscapes")
    copied.page.click("#traversal-reset")
    assert said(copied)["shifts"] == "z1.0:-1", "a reset of z₂ leaves z₁"


def test_another_models_link_says_nothing_of_the_formers_sliders(explorer):
    explorer.slide(0, 1.5)
    explorer.select("b2-10_b1-1")
    assert "shifts" not in said(explorer)


def test_going_back_leads_to_the_former_view_with_its_model(explorer):
    explorer.select("b2-10_b1-1")
    explorer.page.click("#tab-compare")
    assert said(explorer)["view"] == "compare"
    explorer.page.go_back()
    explorer.page.wait_for_selector("#view-landscapes", state="visible")
    assert said(explorer)["point"] == "b2-10_b1-1"


@pytest.mark.parametrize(
    "address",
    [
        "?view=nowhere&point=b2-9_b1-9&seed=-1&sizes=psnr,psnr,psnr,psnr&units=miles&axes=&pins=x,y&colour=red",
        "?seed=99999999999&lecture=500&point=__proto__&view=constructor",
        "?seed=1e3&seed=2&pins=%00&atlas=%F0%9F%92%A9",
        "?" + "point=" + "x" * 5000,
        "?shifts=z3.0:1&temperature=9",
        "?shifts=z2.0:1;z2.1:x&temperature=-1&images=0,99",
        "?point=fold_b2-1_b1-1&pins=fold_b2-1_b1-1",  # a fold, and no parent
    ],
)
def test_what_an_address_says_wrongly_is_passed_over_and_told(open_page, tiny_address, address):
    explorer = open_page(tiny_address + address)
    assert said(explorer) == {"atlas": "tiny", "view": "landscapes", "point": "b2-1_b1-1"}
    message = explorer.text("#link-message")
    assert message.startswith("This link asks for something unknown: ") and len(message) < 300


def test_one_sentence_says_what_a_link_names_that_is_not_here_and_what_is_shown_instead(
    open_page, tiny_address
):
    explorer = open_page(f"{tiny_address}?view=<b>nowhere</b>&point=b2-9_b1-9&pins=b2-10_b1-1,gone")
    message = explorer.page.locator("#link-message")
    assert message.get_attribute("role") == "status"
    assert message.inner_text() == (
        "This link asks for something unknown: view “<b>nowhere</b>” (instead: Landscapes); "
        "model “b2-9_b1-9” (instead: β₂ = 1, β₁ = 1); pinned models “gone” (instead: β₂ = 10, β₁ = 1)."
    )
    explorer.page.click("#tab-compare")
    assert message.inner_text() == ""


def test_a_link_whose_parts_are_all_here_says_nothing(open_page, tiny_address):
    link = "?view=landscapes&point=b2-10_b1-1&units=bits&axes=log&seed=3&pins=&images=1,0&shifts=z2.1:0.5"
    explorer = open_page(tiny_address + link)
    assert explorer.text("#link-message") == "" and said(explorer)["units"] == "bits"


def test_a_link_may_name_a_model_by_its_betas(open_page, tiny_address):
    explorer = open_page(f"{tiny_address}?betas=9.99,0.1")
    assert said(explorer)["point"] == "b2-10_b1-0.1" and explorer.text("#link-message") == ""
