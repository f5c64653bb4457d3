"""What /openapi.json describes keeps to its word, asked as described and otherwise, by schemathesis."""

from __future__ import annotations

import json
import logging

import pytest
import schemathesis
from atlas_builder import add_parent, build_atlas
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from app.pictures.openapi import description
from app.pictures.registry import kinds
from app.server.build import create_app
from hvae.atlas.atlas import Atlas

PATHS = sorted(description()["paths"])
EXAMPLES = 10
WITH_FILES = ("images", "image", "shifts")
"""Parameters whose values are right or wrong only for a model and its test images."""
POINTS = ["b2-1_b1-1", "b2-0.1_b1-10", "fold_b2-1_b1-1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return add_parent(build_atlas(tmp_path_factory.mktemp("described") / "atlas"))


@pytest.fixture(scope="module")
def described(folder):
    """The document that is served, with the names of an atlas and its points where any text may stand."""
    app = create_app({"atlas": Atlas.open(folder)})
    document = app.server.test_client().get("/openapi.json").get_json()
    for path in document["paths"].values():
        for parameter in path["get"]["parameters"]:
            if parameter["in"] == "path":
                known = {"atlas": ["atlas"], "point": POINTS}[parameter["name"]]
                parameter["schema"] = {"anyOf": [{"enum": known}, parameter["schema"]]}
    schema = schemathesis.openapi.from_dict(document)
    schema.app = app.server
    logging.disable(logging.CRITICAL)
    yield schema
    logging.disable(logging.NOTSET)
    app.server.extensions["decoder"].close()


def keeps_to_its_word(operation, mode, folder, *excluded):
    """Ask EXAMPLES times; all of schemathesis's checks hold, and no answer tells of the server's insides."""

    @settings(
        derandomize=True,
        deadline=None,
        max_examples=EXAMPLES,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode))
    def asked(case):
        response = case.call()
        case.validate_response(response, excluded_checks=list(excluded))
        if response.status_code >= 400:
            assert list(json.loads(response.content)) == ["error"]
            for inside in (b"Traceback", b"site-packages", b".py", str(folder.parent).encode()):
                assert inside not in response.content

    asked()


@pytest.mark.parametrize("path", PATHS)
def test_what_is_described_is_answered_as_described(described, folder, path):
    operation = described[path]["GET"]
    parameters = {parameter["name"] for parameter in description()["paths"][path]["get"]["parameters"]}
    may_refuse = parameters.intersection(WITH_FILES)
    keeps_to_its_word(
        operation, GenerationMode.POSITIVE, folder, *([positive_data_acceptance] if may_refuse else [])
    )


@pytest.mark.parametrize("path", [kind.path for kind in kinds()])
def test_what_is_not_described_is_refused_in_a_sentence(described, folder, path):
    keeps_to_its_word(described[path]["GET"], GenerationMode.NEGATIVE, folder)
