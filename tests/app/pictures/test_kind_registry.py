"""Adding a kind of picture takes its module alone: the one that docs/extending.md walks through."""

import dataclasses
import json
import re

import numpy as np
import pytest
import torch
from kind_of_errors import registered
from sheets import assert_same, tiles

from app.page.description import description
from app.pictures import registry
from app.server.build import create_app
from hvae.atlas.atlas import Atlas


@pytest.fixture
def kind(tmp_path):
    """The kind `errors`, in a module of its own beside those of the package."""
    with registered(tmp_path) as kind:
        yield kind


@pytest.fixture
def client(kind, tiny_atlas):
    app = create_app({"tiny": Atlas.open(tiny_atlas)})
    yield app.server.test_client()
    app.server.extensions["decoder"].close()


def test_it_has_an_endpoint_and_a_description(client, kind, tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    answer = client.get("/pictures/tiny/b2-1_b1-0.1/errors.png?images=2,5")
    originals = torch.from_numpy(atlas.examples().images[[2, 5]]).float() / 255
    missed = (atlas.load(1, 0.1).reconstruct(originals) - originals).abs()
    assert_same(tiles(answer.data)[1][:2], np.round(missed[:, 0].numpy() * 255).astype(np.uint8))
    described = client.get("/openapi.json").get_json()["paths"][kind.path]["get"]
    assert described["operationId"] == "errors"
    assert described["parameters"][-1]["schema"]["maxItems"] == 64
    refused = client.get(f"/pictures/tiny/b2-1_b1-0.1/errors.png?images={','.join(map(str, range(65)))}")
    assert refused.status_code == 400


def test_the_pages_html_brings_its_python(client, kind):
    html = client.get("/").get_data(as_text=True)
    brought = json.loads(
        re.search(r'<script type="application/json" id="description">(.*?)</script>', html)[1]
    )
    assert brought == json.loads(json.dumps(description()))
    assert brought["python"]["kinds"]["errors"] == {"python": kind.python, "defaults": {"images": "0,1"}}


def test_no_text_of_a_description_ends_its_element(kind, tiny_atlas):
    registry.REGISTRY.unregister("errors")
    registry.REGISTRY.register(dataclasses.replace(kind, python="</script><b>&"))
    html = create_app({"tiny": Atlas.open(tiny_atlas)}).server.test_client().get("/").get_data(as_text=True)
    assert "<b>" not in html


def test_two_kinds_of_one_name_are_refused(kind):
    with pytest.raises(ValueError, match="'errors' is registered already"):
        registry.REGISTRY.register(kind)
