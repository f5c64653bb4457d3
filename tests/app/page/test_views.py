"""Adding a view takes its panel and one line: the one that docs/extending.md walks through."""

import re
from html import unescape

import pytest
from callbacks import ask
from documents import ROOT, blocks, section

from app.page.shell.dialogs import keys
from app.page.state import fields
from app.page.views import VIEWS, View, view_titles
from app.server.build import create_app
from hvae.atlas.atlas import Atlas


@pytest.fixture
def client(tmp_path, monkeypatch, tiny_atlas):
    """A client of a page with the view `elbo`, whose panel is a temporary module."""
    page = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
    figure, panel, record = blocks(section(page, "Add a view"), "python")
    (tmp_path / "elbo_panel.py").write_text(figure + panel, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert 'View("elbo", "−ELBO", "app.page.panels.elbo", has_figures=True)' in record
    monkeypatch.setitem(VIEWS, "elbo", View("elbo", "−ELBO", "elbo_panel", has_figures=True))
    app = create_app({"tiny": Atlas.open(tiny_atlas)})
    yield app.server.test_client()
    app.server.extensions["decoder"].close()


def elements(component):
    """The properties of all elements of a page's layout."""
    if isinstance(component, list):
        for one in component:
            yield from elements(one)
    elif isinstance(component, dict) and "props" in component:
        yield component["props"]
        yield from elements(component["props"].get("children"))


def test_it_has_a_section_a_tab_and_a_place_among_the_figures(client):
    page = {one["id"]: one for one in elements(client.get("/_dash-layout").get_json()) if "id" in one}
    assert page["tab-elbo"]["children"] == "−ELBO"
    assert page["tab-elbo"]["aria-controls"] == "view-elbo"
    assert page["view-elbo"]["hidden"] and not page["view-landscapes"]["hidden"]
    inside = list(elements(page["view-elbo"]["children"]))
    assert [one["children"] for one in inside if one.get("className") == "figure-title"] == ["−ELBO"]
    for panel in ("figures-panel", "model-panel"):
        assert page[panel]["data-views"].split()[-1] == "elbo"
    assert list(page).index("tab-elbo") == list(page).index("tab-claims") + 1


def test_an_address_may_name_it(client, tiny_atlas):
    assert fields(Atlas.open(tiny_atlas))["view"]["choices"]["elbo"] == "−ELBO"
    assert keys()["1 – 9"] == "switch views", "a tenth view has no key"


def test_its_figure_is_drawn_when_it_is_shown(client):
    outputs = ["elbo-place-0.children", "elbo-note-0.children", "elbo-drawn.data"]
    answer = ask(client, "", outputs, [("look", "data", {"view": "elbo"})], [("elbo-drawn", "data", None)])
    assert answer["response"]["elbo-note-0"]["children"] == "Lower is better."
    (graph, *_) = answer["response"]["elbo-place-0"]["children"]
    assert graph["props"]["figure"]["layout"]["yaxis"]["title"]["text"] == "Negative ELBO, nats per image"


def test_whatever_a_callback_reads_or_writes_is_on_the_page():
    """Dash would say so in the browser, had it the layout a second time."""
    atlas = Atlas.shipped("street-digits")
    client = create_app({"one": atlas, "another": atlas}).server.test_client()
    there = {one["id"] for one in elements(client.get("/_dash-layout").get_json()) if "id" in one}
    for callback in client.get("/_dash-dependencies").get_json():
        outputs = re.findall(r"([\w-]+)\.\w+", callback["output"].strip("."))
        named = {one["id"] for one in [*callback["inputs"], *callback["state"]]} | set(outputs)
        # A menu is missing where an atlas has nothing to choose from.
        assert {one for one in named if not one.startswith(("control-", "_"))} <= there, callback["output"]


def test_the_layout_is_sent_once_and_the_first_files_are_announced(client):
    html = client.get("/").get_data(as_text=True)
    assert "validation_layout" not in html and len(html) < 40_000
    links = re.findall(r'<link rel="preload" as="fetch" crossorigin ([^>]*)>', html)
    files = [dict(re.findall(r'([\w-]+)="([^"]*)"', link)) for link in links]
    assert [file["data-name"] for file in files] == ["b2-1_b1-1.safetensors", ""]
    for file in files:
        answer = client.get(unescape(file["href"]))
        assert answer.status_code == 200 and "immutable" in answer.headers["Cache-Control"]
    assert 'as="fetch"' not in client.get("/?view=claims").get_data(as_text=True)


def test_the_readme_lists_all_views_with_their_keys():
    table = re.findall(
        r"^\| ([^|]+) \| (\d) \| ", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert table == [(title, str(key)) for key, title in enumerate(view_titles().values(), start=1)]


def test_every_view_has_a_panel_and_a_digit_for_its_key():
    assert len(VIEWS) <= 9, "assets/page/keyboard.js reads one digit"
    for view in VIEWS.values():
        assert callable(view.panel.layout) and callable(view.panel.register)
