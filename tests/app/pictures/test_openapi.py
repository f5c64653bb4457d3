"""/openapi.json says what the endpoints do."""

import pytest

from app.pictures.openapi import description
from app.pictures.registry import kinds
from app.server.build import create_app
from hvae.atlas.atlas import Atlas


@pytest.fixture(scope="module")
def client(tiny_atlas):
    return create_app({"tiny": Atlas.open(tiny_atlas)}).server.test_client()


def parameters(kind):
    entries = description()["paths"][f"/pictures/{{atlas}}/{{point}}/{kind}.png"]["get"]["parameters"]
    return {entry["name"]: entry for entry in entries if entry["in"] == "query"}


def test_it_is_served(client):
    assert client.get("/openapi.json").get_json() == description()


def test_every_picture_and_parameter_is_described():
    assert set(parameters("samples")) == {"n", "seed", "temperature"}
    assert set(parameters("reconstructions")) == {"images"}
    assert set(parameters("traversal")) == {"seed", "shifts"}
    for kind in kinds():
        described = description()["paths"][kind.path]["get"]
        in_query = [entry for entry in described["parameters"] if entry["in"] == "query"]
        assert {entry["name"] for entry in in_query} == set(kind.query.model_fields)
        assert all(entry["description"] for entry in described["parameters"])
        assert described["description"].startswith(described["summary"])


def test_nothing_is_described_that_is_not_served(client):
    for path in description()["paths"]:
        address = path.format(atlas="tiny", point="b2-1_b1-1")
        assert client.get(address).status_code == 200, path


def test_every_bound_of_every_number_is_the_real_one(client):
    for kind in kinds():
        address = kind.path.format(atlas="tiny", point="b2-1_b1-1")
        for name, schema in kind.query.model_json_schema()["properties"].items():
            if schema.get("type") == "integer":
                for bound, step in (("minimum", -1), ("maximum", 1)):
                    assert client.get(f"{address}?{name}={schema[bound]}").status_code == 200
                    assert client.get(f"{address}?{name}={schema[bound] + step}").status_code == 400


def test_the_numbers_that_are_served_are_the_ones_described(client):
    schema = description()["paths"]["/rates/{atlas}/{point}.json"]["get"]["responses"]["200"]
    numbers = schema["content"]["application/json"]["schema"]["properties"]["images"]["items"]["properties"]
    answer = client.get("/rates/tiny/b2-1_b1-1.json").get_json()
    assert set(answer["images"][0]) == set(numbers)


@pytest.mark.parametrize("kind", ["reconstructions", "mix", "interpolation", "examples"])
def test_described_numbers_of_images_are_the_real_ones(client, kind):
    schema = parameters(kind)["images"]["schema"]
    assert "minLength" not in schema and "maxLength" not in schema
    for count, status in (
        *((schema["minItems"], 200), (schema["minItems"] - 1, 400)),
        *((min(schema["maxItems"], 12), 200), (schema["maxItems"] + 1, 400)),
    ):
        images = ",".join(map(str, range(count)))
        assert client.get(f"/pictures/tiny/b2-1_b1-1/{kind}.png?images={images}").status_code == status


@pytest.mark.parametrize(
    "header", [{"Range": "bytes=0-7"}, {"Range": "bytes=99999999-"}, {}, {"If-None-Match": "*"}]
)
def test_every_answer_of_a_download_is_described(client, header):
    path = "/atlases/{atlas}/{point}.safetensors"
    answer = client.get(path.format(atlas="tiny", point="b2-1_b1-1"), headers=header)
    described = description()["paths"][path]["get"]["responses"][str(answer.status_code)]
    assert answer.status_code == 304 or answer.mimetype in described["content"]
    assert "headers" not in described or "ETag" in answer.headers


@pytest.mark.parametrize("name", ["n", "seed", "temperature"])
def test_described_bounds_are_the_real_ones(client, name):
    schema = parameters("samples")[name]["schema"]
    for bound, step in (("minimum", -1), ("maximum", 1)):
        address = f"/pictures/tiny/b2-1_b1-1/samples.png?{name}="
        assert client.get(f"{address}{schema[bound]}").status_code == 200
        assert client.get(f"{address}{schema[bound] + step}").status_code == 400


def test_described_defaults_are_the_real_ones(client):
    address = "/pictures/tiny/b2-1_b1-1/samples.png"
    spelled = "&".join(
        f"{name}={entry['schema']['default']}" for name, entry in parameters("samples").items()
    )
    assert client.get(address).headers["ETag"] == client.get(f"{address}?{spelled}").headers["ETag"]


def test_every_answer_that_can_be_had_is_described(client):
    described = description()["paths"]["/pictures/{atlas}/{point}/samples.png"]["get"]["responses"]
    for path in ("b2-1_b1-1/samples.png", "b2-1_b1-1/samples.png?n=0", "nowhere/samples.png"):
        assert str(client.get(f"/pictures/tiny/{path}").status_code) in described
    assert {"304", "409", "503"} <= set(described)
