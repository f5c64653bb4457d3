"""What no page would ask is answered by one sentence, without a trace of the server's insides."""

from __future__ import annotations

import json
import logging

import pytest
from atlas_builder import add_parent, build_atlas
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.server import create_app
from hvae.atlas import Atlas

LOOK_FIELDS = ["view", "sizes", "colour", "units", "axes", "layer", "probe", "score", "rate", "lecture"]
VIEWS = ["landscapes", "reconstruction", "representation", "generation"]
SEARCHING = settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([*VIEWS, "bits", "log", "psnr", "x" * 3000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(LOOK_FIELDS), inner),
    max_leaves=6,
)
LOOKS = st.fixed_dictionaries(
    {"view": st.sampled_from(VIEWS)}, optional=dict.fromkeys(LOOK_FIELDS[1:], VALUES)
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return add_parent(build_atlas(tmp_path_factory.mktemp("hostile") / "atlas"))


@pytest.fixture(scope="module")
def client(folder):
    app = create_app({"atlas": Atlas.open(folder)})
    logging.disable(logging.CRITICAL)  # the traces go to the log, which is where they belong
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HVAE_DATA_DIR", str(folder.parent / "data"))
        yield app.server.test_client()
    logging.disable(logging.NOTSET)
    app.server.extensions["decoder"].close()


@pytest.fixture(scope="module")
def callbacks(client):
    """The server's callbacks, as it tells them to its page; without that which would start a process."""
    listed = client.get("/_dash-dependencies").get_json()
    return [
        one for one in listed if not one["clientside_function"] and one["output"] != "training-result.data"
    ]


def check(response, folder):
    """No failure; a refusal is one sentence, and tells nothing of the files or the code behind it."""
    body = response.get_data()
    assert response.status_code < 500, body[:300]
    for inside in (b"Traceback", b"site-packages", b".py", str(folder.parent).encode()):
        assert response.status_code < 400 or inside not in body
    if body and response.status_code >= 400 and response.mimetype == "application/json":
        assert isinstance(json.loads(body)["error"], str)


def ask(client, body):
    data = body if isinstance(body, bytes) else json.dumps(body)
    return client.post("/_dash-update-component", data=data, content_type="application/json")


def request_for(callback, values):
    """The body that a page would send, with these values of its inputs and states."""
    names = callback["output"].strip(".").split("...")
    outputs = [dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) for name in names]
    parts = [*callback["inputs"], *callback["state"]]
    filled = [
        {"id": part["id"], "property": part["property"], "value": value}
        for part, value in zip(parts, values, strict=False)
    ]
    count = len(callback["inputs"])
    return {
        "output": callback["output"],
        "outputs": outputs if callback["output"].startswith("..") else outputs[0],
        "inputs": filled[:count],
        "state": filled[count:],
        "changedPropIds": ["look.data"],
    }


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"1", b"{", b"{}", b"\xff\xfe", b"NaN", b'{"output": null}', b'{"output": {}}']
    + [b'{"output": "nowhere.children"}', b'{"output": "' + b"x" * 100_000 + b'"}', b"[" * 5000],
    ids=range(13),
)
def test_a_body_that_is_no_request_of_the_page_is_refused(client, folder, body):
    response = ask(client, body)
    check(response, folder)
    assert response.status_code == 400 and "reload" in response.get_json()["error"]


def test_what_the_page_asks_is_answered(client, callbacks):
    looking = next(one for one in callbacks if one["output"].startswith("..generation-"))
    response = ask(client, request_for(looking, [{"view": "generation"}, None]))
    assert response.status_code == 200
    assert "generation-note-0" in response.get_json()["response"]


@SEARCHING
@given(data=st.data())
def test_callbacks_take_any_values(client, folder, callbacks, data):
    callback = data.draw(st.sampled_from(callbacks))
    values = data.draw(st.tuples(LOOKS | VALUES, VALUES))
    check(ask(client, request_for(callback, values)), folder)


@SEARCHING
@given(data=st.data())
def test_requests_with_a_part_missing_or_spoiled_are_refused(client, folder, callbacks, data):
    body = request_for(data.draw(st.sampled_from(callbacks)), [None, None])
    part = data.draw(st.sampled_from(list(body)))
    body[part] = data.draw(VALUES)
    check(ask(client, body), folder)


JUNK = st.sampled_from(
    ["", "NaN", "-1", "1e999", "9" * 400, "\x00", "../..", "💩", "[]", "{}", "null", "0,0", "1,2,x", "'"]
)
PLACES = st.sampled_from(["atlas", "b2-1_b1-1", "fold_b2-1_b1-1", "fold_b2-1e9_b1-1", "x"]) | JUNK.filter(
    bool
)
PARAMETERS = st.dictionaries(
    st.sampled_from(["n", "seed", "temperature", "images", "image", "rows", "latent", "z2.3", "z1.99", "m"])
    | st.sampled_from(["job", "cancelJob", "oldJob", "cacheKey"]),
    JUNK,
    max_size=3,
)


@SEARCHING
@given(data=st.data(), query=PARAMETERS, method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD"]))
def test_every_address_takes_any_query(client, folder, data, query, method):
    rules = sorted({rule.rule for rule in client.application.url_map.iter_rules()})
    path = data.draw(st.sampled_from(rules))
    while "<" in path:
        before, _, after = path.partition("<")
        path = before + data.draw(PLACES).replace("?", "") + after.partition(">")[2]
    check(client.open(path, method=method, query_string=query), folder)
