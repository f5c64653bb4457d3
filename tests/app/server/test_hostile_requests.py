"""What no page would ask is answered by one sentence, without a trace of the server's insides."""

from __future__ import annotations

import json
import logging
import os

import pytest
from atlas_builder import add_parent, build_atlas
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.atlases.user_copy import copy_atlas, extending
from app.server.build import create_app
from app.training.train_point import TrainingSetting, train_point
from hvae.atlas.atlas import Atlas
from hvae.errors import UserError

LOOK_FIELDS = [
    "view",
    "sizes",
    "colour",
    "units",
    "axes",
    "layer",
    "probe",
    "posterior",
    "score",
    "rate",
    "lecture",
]
WISH_FIELDS = ["beta_2", "beta_1", "asked", "point", "error"]
FIELDS = [*LOOK_FIELDS, *WISH_FIELDS]
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
    | st.sampled_from(
        [*VIEWS, "bits", "log", "psnr", "x" * 3000, "\ud800", "١٢", "../..", "<b>", 10**400, 1e308]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner),
    max_leaves=6,
)
LOOKS = st.fixed_dictionaries(
    {"view": st.sampled_from(VIEWS)}, optional=dict.fromkeys(LOOK_FIELDS[1:], VALUES)
)
RESULTS = st.fixed_dictionaries({"point": VALUES}, optional={"error": VALUES})
WISHES = st.fixed_dictionaries(
    {field: st.sampled_from([0.5, "0.5", "½", True, 10**400, 1e-320]) | VALUES for field in WISH_FIELDS[:2]}
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
        with extending(Atlas.open(folder)) as copy:
            copy_atlas(Atlas.open(folder), copy)
        client = app.server.test_client()
        client.environ_base["REMOTE_ADDR"] = "203.0.113.9"  # who may train nothing
        yield client
    logging.disable(logging.NOTSET)
    app.server.extensions["decoder"].close()


@pytest.fixture(scope="module")
def callbacks(client):
    """The server's callbacks, as it tells them to its page."""
    listed = client.get("/_dash-dependencies").get_json()
    return [one for one in listed if not one["clientside_function"]]


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
@given(values=st.tuples(LOOKS | RESULTS | WISHES | VALUES, VALUES))
@example(([1], None))
@example(("text", [{}]))
@example((1e308, float("nan")))
def test_every_callback_takes_any_values(client, folder, callbacks, values):
    for callback in callbacks:
        check(ask(client, request_for(callback, values)), folder)


@pytest.mark.parametrize("field", LOOK_FIELDS[1:])
def test_every_field_of_a_look_takes_values_of_any_type(client, folder, callbacks, field):
    """The atlas of this test has one metric to set sizes by."""
    odd = [1, True, 1e308, float("nan"), 10**400, "psnr", {}, {"psnr": 1}, [], [[]], [{}], [["psnr"]], [None]]
    for callback in callbacks:
        view = callback["output"].strip(".").split("-")[0]
        if view not in VIEWS:
            continue
        for value in odd:
            check(ask(client, request_for(callback, [{"view": view, field: value}, None])), folder)


def test_they_are_all_there_are(callbacks):
    """Those of the views' figures, of the colour key, and of training: its job, its end, what came of it."""
    outputs = {callback["output"].strip(".").split("...")[0] for callback in callbacks}
    assert outputs == {
        *(f"{view}-place-0.children" for view in VIEWS),
        *("figures-key.children", "training-result.data", "training-cancel.id", "grown.data"),
    }


class Begun(Exception):
    """Training has begun."""


@SEARCHING
@given(wish=WISHES | VALUES)
@example({"beta_2": 10**400, "beta_1": 1})
@example({"beta_2": 0.5, "beta_1": 0.5})
def test_a_wish_for_training_begins_it_or_is_refused_in_a_sentence(client, folder, wish):
    def report(progress):
        raise Begun

    try:
        train_point(report, TrainingSetting(folder, folder), wish)
    except UserError as error:
        assert str(error).endswith(".") and str(folder.parent) not in str(error)
    except Begun:
        assert all(0.0999 < float(wish[beta]) < 10.01 for beta in ("beta_2", "beta_1"))


def test_a_page_that_has_rebound_its_name_to_this_machine_trains_nothing(client, callbacks):
    training = next(one for one in callbacks if one["output"] == "training-result.data")
    answer = client.post(
        "/_dash-update-component",
        json=request_for(training, [{"beta_2": 0.5, "beta_1": 0.5}]),
        headers={"Host": "evil.example"},
        environ_overrides={"REMOTE_ADDR": "127.0.0.1"},
    )
    assert answer.get_json()["job"].startswith("None~")


@pytest.mark.parametrize("forged", ["1~x", "1~é", "~", "é", "PID~" + "0" * 64, "\x00", "9" * 5000])
@pytest.mark.parametrize("handle", ["job", "cancelJob", "oldJob", "cacheKey", "endId"])
def test_a_forged_handle_of_a_job_ends_nothing(client, folder, callbacks, handle, forged):
    for callback in callbacks:
        if callback["output"].startswith("training-"):
            # Workers of pytest-xdist must name tests alike: the process's number comes in here.
            given = {"cacheKey": "1~x", handle: forged.replace("PID", str(os.getpid()))}
            body = request_for(callback, [None])
            check(client.post("/_dash-update-component", query_string=given, json=body), folder)


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
