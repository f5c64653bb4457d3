"""The worker: messages in, pictures and numbers out."""

from __future__ import annotations

import pytest
from python_side import Atlas, create_app

MNIST = Atlas.shipped("mnist")
POINT = "models/beta2-1_beta1-1.safetensors"
PARENT = "parent.safetensors"


def file(name, **about):
    return {
        "name": name,
        "bytes": (MNIST.path / name).read_bytes(),
        "sha256": MNIST.manifest.files[name],
        **about,
    }


def images():
    return {"id": 0, "do": "images", "atlas": "mnist", "images": MNIST.examples().images}


def wish(number, kind="samples", query=None, do="picture", **about):
    known = {
        "id": number,
        "do": do,
        "kind": kind,
        "query": query or {},
        "atlas": "mnist",
        "file": file(POINT),
    }
    return {**known, **about}


def ask(modules, *messages, **about):
    """The kernels' name, and id → answer in the order in which they came."""
    answers = modules("asked", messages=messages, count=len(messages) + 1, **about)
    assert not [answer for answer in answers if "fault" in answer]
    [ready] = [answer["ready"] for answer in answers if "ready" in answer]
    return ready, {answer.pop("id"): answer for answer in answers if "ready" not in answer}


def test_pictures_come_as_pixels_or_bitmaps_and_numbers_as_they_are(modules):
    name, answers = ask(
        modules,
        images(),
        {"id": 1, "do": "load", "file": file(POINT)},
        wish(2),
        wish(3, "reconstructions", {"images": [4]}, **{"as": "bitmap"}),
        wish(4, "rates", {"images": [0], "draws": 2}, do="numbers"),
        wish(5, "samples", {"n": 1}, file=file(PARENT), betas=[1.0, 0.2]),
    )
    assert name == "wasm"
    sheet = answers[2]["answer"]
    assert (sheet["width"], sheet["height"]) == (8 * 34 - 2, 2 * 34 - 2)
    assert len(sheet["data"]) == 4 * sheet["width"] * sheet["height"]
    assert answers[3]["answer"] == [32, 66]
    assert answers[4]["answer"]["images"][0]["rate_z2"] > 0
    assert answers[5]["answer"]["width"] == 32


def test_of_the_wishes_for_a_slot_only_the_latest_is_granted(modules):
    dragged = [wish(number, query={"n": 1, "seed": number}, slot="left") for number in range(1, 9)]
    _, answers = ask(modules, *dragged[:4], wish(20, slot="right"), *dragged[4:])
    granted = [number for number, answer in answers.items() if "answer" in answer]
    assert 8 in granted and 20 in granted
    assert set(granted) <= {1, 8, 20}  # the first may have begun
    assert all(answers[number] == {"superseded": True} for number in answers if number not in granted)


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"kind": "toString"}, "There is no"),
        ({"do": "constructor"}, "There is no"),
        ({"query": {"n": 1000}}, "n is not valid"),
        ({"file": {"name": "gone.safetensors", "url": "/gone.safetensors"}}, "cannot be fetched (404)"),
        ({"file": {"name": "gone", "url": "http://localhost:1/gone"}}, "cannot be fetched"),
        ({"file": file(POINT, sha256="0" * 64)}, "is damaged"),
        ({"file": {"name": "it", "bytes": b"nothing of the kind"}}, "cannot be read as a checkpoint"),
        ({"file": file(PARENT)}, "needs 2 values of β"),
        ({"file": file(PARENT), "betas": [1, 100]}, "covers β from 0.1 to 10"),
        ({"file": file(PARENT), "betas": ["1", "1"]}, "needs 2 values of β"),
    ],
)
def test_what_fails_is_a_sentence_and_the_next_wish_is_granted(modules, about, says):
    _, answers = ask(modules, wish(1, **about), wish(2, query={"n": 1}))
    assert says in answers[1]["error"] and answers[1]["error"].endswith(".")
    assert "answer" in answers[2]


def test_a_file_is_fetched_by_its_address(modules):
    point = {"name": "net.wasm", "url": "/worker/net.wasm"}  # no checkpoint, but it is there
    _, answers = ask(modules, wish(1, file=point))
    assert "cannot be read as a checkpoint" in answers[1]["error"]


def test_where_webassembly_is_forbidden_pictures_are_made_in_plain_javascript(modules):
    name, answers = ask(modules, wish(1, query={"n": 1}), address="/strict/worker/worker.js")
    assert name == "plain"
    assert answers[1]["answer"]["width"] == 32


def test_where_webassembly_cannot_be_read_there_are_plain_kernels(modules):
    assert modules("kernelsFrom", bytes=b"\0asm\x01\0\0\0\xff") == "plain"


def test_models_used_longest_ago_make_room(modules):
    steps = [["a", 40], ["b", 40], ["a", "get"], ["c", 40], ["d", 200], ["e", 10]]
    assert modules("kept", most=100, steps=steps) == {"closed": ["b", "a", "c", "d"], "bytes": 10}


def test_a_page_names_no_module_of_the_worker_but_can_fetch_them(tiny_atlas):
    client = create_app({"tiny": Atlas.open(tiny_atlas)}).server.test_client()
    assert "worker/" not in client.get("/").text
    for name in ("worker.js", "net.wasm", "network/model.js"):
        assert client.get(f"/assets/worker/{name}").status_code == 200
