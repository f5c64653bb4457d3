"""Pictures over HTTP: an address is decoded into a PNG, and the same address is always the same picture.

Strong ETags follow from that: the hash of the files, the parameters and the code that the picture is made of.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import NotFound

from app.atlases.models import Models
from app.atlases.shelf import Shelf, Snapshot
from app.pictures.answer_cache import Answers
from app.pictures.decoder import RETRY_SECONDS, Busy, Decoder
from app.pictures.kind import Kind
from app.pictures.openapi import description
from app.pictures.queries import Query, QueryError, parse
from app.pictures.registry import kinds
from app.server.http_errors import answer_what_is_missing
from hvae.atlas.atlas import EXAMPLES

PICTURE_VERSION = 2
"""Raise this whenever the same address gives other bytes than before."""


def pictures_blueprint(shelf: Shelf, decoder: Decoder) -> Blueprint:
    """Return the endpoints of every kind of answer, and /openapi.json."""
    blueprint = Blueprint("pictures", __name__)
    answers = Answers()

    def endpoint(kind: Kind) -> Callable[[str, str], Response]:
        def get(atlas: str, point: str) -> Response:
            snapshot = shelf[atlas]
            decoder.models.find(snapshot, point)  # of what is not there, no parameter is wrong
            query = parse(kind.query, request.args)
            tag = etag(decoder.models, snapshot, point, kind, query)

            def make() -> bytes:
                return kind.encode(decoder.make(snapshot, point, lambda subject: kind.make(subject, query)))

            return answer(tag, lambda: answers.get(tag, make), kind.mimetype)

        return get

    for kind in kinds():
        address = kind.path.replace("{", "<").replace("}", ">")
        blueprint.add_url_rule(address, kind.name, endpoint(kind), methods=["GET"])

    @blueprint.get("/pictures/<path:anything>")
    @blueprint.get("/rates/<path:anything>")
    @blueprint.get("/estimates/<path:anything>")
    def no_such_answer(anything: str) -> Response:
        # Without this, Dash would answer every address with its page.
        raise NotFound(f"Of each point there are {', '.join(sorted(kind.path for kind in kinds()))}.")

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        return jsonify(description())

    @blueprint.errorhandler(QueryError)
    def bad_query(error: QueryError) -> tuple[Response, int]:
        return jsonify(error=str(error)), 400

    @blueprint.errorhandler(Busy)
    def busy(error: Busy) -> tuple[Response, int, dict[str, str]]:
        return jsonify(error=str(error)), 503, {"Retry-After": str(RETRY_SECONDS)}

    answer_what_is_missing(blueprint, shelf)
    return blueprint


def etag(models: Models, snapshot: Snapshot, point: str, kind: Kind, query: Query) -> str:
    """Return the strong ETag of an answer. Raises UserError if one of its files is missing or damaged."""
    files = [*models.find(snapshot, point).files, *([EXAMPLES] if query.uses_images else [])]
    checksums = [models.checksum(snapshot, file) for file in files]
    made_of = [CODE, point, checksums, kind.name, query.model_dump(mode="json")]
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:32]


def answer(tag: str, make: Callable[[], bytes], mimetype: str) -> Response:
    """Return 304 if the client already has the answer, else the result of `make`."""
    if request.if_none_match.contains(tag):
        response = Response(status=304)
    else:
        response = Response(make(), mimetype=mimetype)
    response.set_etag(tag)
    # Browsers keep it, but ask every time, so that a damaged checkpoint is noticed.
    response.headers["Cache-Control"] = "no-cache"
    return response


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


CODE = [PICTURE_VERSION, _installed("torch"), _installed("pillow"), _installed("hvae-explorer")]
"""The code that makes pictures; other versions may round otherwise."""
