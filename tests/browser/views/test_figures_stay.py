"""Figures stay where they first appear: words and signs have their room before."""

import pytest

VIEWS = ["reconstruction", "representation", "generation"]


@pytest.mark.parametrize("view", VIEWS)
def test_figures_stay_where_they_first_appear(open_page, tiny_address, view):
    explorer = open_page(tiny_address)
    places = explorer.places_of_figures(view)
    assert places and len(places) == len({place.split()[0] for place in places}), places
