"""The address bar holds what is on screen: copy the link, get the same picture."""

from urllib.parse import parse_qs, urlsplit

import pytest


def said(explorer):
    return {name: values[0] for name, values in parse_qs(urlsplit(explorer.page.url).query).items()}


def test_it_says_atlas_view_and_point_from_the_start(explorer):
    assert said(explorer) == {"atlas": "tiny", "view": "landscapes", "point": "b2-1_b1-1"}


def test_a_copied_link_shows_the_same_pictures(explorer, open_page):
    explorer.select("b2-10_b1-0.1")
    explorer.page.click("#draw-again")
    explorer.wait_until_shown("seed=1", ("samples", "traversal"))
    copied = open_page(explorer.page.url)
    copied.wait_until_shown("/b2-10_b1-0.1/")
    assert [copied.picture(slot) for slot in ("samples", "reconstructions")] == [
        explorer.picture(slot) for slot in ("samples", "reconstructions")
    ]
    assert copied.text("#model-title") == "β₂ = 10, β₁ = 0.1"


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
        "?point=fold_b2-1_b1-1&pins=fold_b2-1_b1-1",  # a fold, and no parent
    ],
)
def test_what_an_address_says_wrongly_is_passed_over(open_page, tiny_address, address):
    explorer = open_page(tiny_address + address)
    assert said(explorer) == {"atlas": "tiny", "view": "landscapes", "point": "b2-1_b1-1"}
