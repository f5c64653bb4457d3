"""A notebook or slides on another origin show the page in a frame, and its pictures, if they are named."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from pages import FIRST_DOT
from services import served

from app.server.build import create_app
from hvae.atlas.atlas import Atlas

HTML = """<!DOCTYPE html><title>Slides</title>
<iframe src="{address}" width="1200" height="800"></iframe>
<img src="{address}pictures/tiny/b2-1_b1-1/examples.png?images=0,1">"""


@pytest.fixture(scope="module")
def slides(tiny_atlas):
    """Addresses of the same slides on two origins: one that is named, and another."""
    written = {}

    def application(environ, start_response):
        body = HTML.format(**written).encode()
        start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(body)))])
        return [body]

    with ExitStack() as servers:
        named, other = (servers.enter_context(served(application)) for _ in range(2))
        app = create_app({"tiny": Atlas.open(tiny_atlas)}, embed=[named.rstrip("/")])
        # Another host's name, so that the browser takes it for another site.
        written["address"] = servers.enter_context(served(app.server)).replace("127.0.0.1", "localhost")
        yield named, other
        app.server.extensions["decoder"].close()


@pytest.fixture
def page(browser):
    page = browser.new_context().new_page()
    yield page
    page.context.close()


def test_slides_that_are_named_show_both(page, slides):
    page.goto(slides[0])
    page.frame_locator("iframe").locator(FIRST_DOT).first.wait_for(state="visible")
    assert page.evaluate("document.querySelector('img').naturalWidth") == 2 * 32 + 2


def test_others_show_neither(page, slides):
    page.goto(slides[1])
    assert page.evaluate("document.querySelector('img').naturalWidth") == 0
    assert page.frame_locator("iframe").locator(".page").count() == 0
