"""Pictures over HTTP: an address is decoded into a PNG, and the same address is always the same picture.

Strong ETags follow from that: the hash of the files, the parameters and the code that the picture is made of.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePosixPath

import numpy as np
from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from app.decoder import Decoder
from app.openapi import description
from app.queries import Query, QueryError, Reconstructions, Samples, Traversal, parse
from app.sheet import contact_sheet, paired_sheet, png
from hvae.atlas import EXAMPLES, Atlas
from hvae.errors import UserError

PICTURE_VERSION = 1
"""Raise it whenever the same address would give other bytes than before."""

log = logging.getLogger(__name__)


def point_name(checkpoint: str) -> str:
    """The name of a point in addresses: its checkpoint's file name without folder and suffix."""
    return PurePosixPath(checkpoint).stem


def pictures_blueprint(decoder: Decoder) -> Blueprint:
    """The picture endpoints, /healthz and /openapi.json."""
    blueprint = Blueprint("pictures", __name__)
    checkpoints = {
        name: {point_name(file): str(file) for file in atlas.metrics["checkpoint"]}
        for name, atlas in decoder.atlases.items()
    }

    def find(atlas: str, point: str) -> str:
        if atlas not in checkpoints:
            raise NotFound("There is no such atlas here.")
        if point not in checkpoints[atlas]:
            raise NotFound("This atlas has no such point.")
        return checkpoints[atlas][point]

    @blueprint.get("/pictures/<atlas>/<point>/samples.png")
    def samples(atlas: str, point: str) -> Response:
        checkpoint, query = find(atlas, point), parse(Samples, request.args)
        return answer(
            etag(decoder, atlas, [checkpoint], query),
            lambda: contact_sheet(decoder.samples(atlas, checkpoint, query)),
        )

    @blueprint.get("/pictures/<atlas>/<point>/reconstructions.png")
    def reconstructions(atlas: str, point: str) -> Response:
        checkpoint, query = find(atlas, point), parse(Reconstructions, request.args)
        return answer(
            etag(decoder, atlas, [checkpoint, EXAMPLES], query),
            lambda: paired_sheet(*decoder.reconstructions(atlas, checkpoint, query)),
        )

    @blueprint.get("/pictures/<atlas>/<point>/traversal.png")
    def traversal(atlas: str, point: str) -> Response:
        checkpoint, query = find(atlas, point), parse(Traversal, request.args)
        return answer(
            etag(decoder, atlas, [checkpoint], query),
            lambda: contact_sheet(decoder.traversal(atlas, checkpoint, query)),
        )

    @blueprint.get("/pictures/<path:anything>")
    def no_such_picture(anything: str) -> Response:
        # Without this, Dash would answer any address with its page.
        raise NotFound("There are samples.png, reconstructions.png and traversal.png of each point.")

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        return jsonify(description())

    @blueprint.errorhandler(QueryError)
    def bad_query(error: QueryError) -> tuple[Response, int]:
        return jsonify(error=str(error)), 400

    @blueprint.errorhandler(UserError)
    def bad_file(error: UserError) -> tuple[Response, int]:
        log.warning("%s", error)
        return jsonify(error=without_paths(str(error), decoder.atlases.values())), 409

    @blueprint.app_errorhandler(MethodNotAllowed)
    @blueprint.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        response = jsonify(error=error.description)
        response.status_code = error.code or 500
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return response

    @blueprint.errorhandler(Exception)
    def unforeseen(error: Exception) -> tuple[Response, int]:
        log.error("%s failed", request.path, exc_info=error)
        return jsonify(error="The server could not make this picture; its log says why."), 500

    return blueprint


def without_paths(sentence: str, atlases: Iterable[Atlas]) -> str:
    """The sentence without the folders that the server keeps its atlases in."""
    for atlas in atlases:
        for folder in {str(atlas.path), str(atlas.path.resolve())}:
            sentence = sentence.replace(f" in {folder}", "").replace(folder, atlas.name)
    return sentence


def etag(decoder: Decoder, atlas: str, files: list[str], query: Query) -> str:
    """The strong ETag of a picture. Raises UserError where a file it is made of is missing or damaged."""
    for file in files:
        decoder.check(atlas, file)
    checksums = [decoder.atlases[atlas].manifest.files[file] for file in files]
    made_of = [CODE, checksums, type(query).__name__, query.model_dump(mode="json")]
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:32]


def answer(tag: str, draw: Callable[[], np.ndarray]) -> Response:
    """304 where the client has the picture already, else the picture that `draw` returns as a sheet."""
    if request.if_none_match.contains(tag):
        response = Response(status=304)
    else:
        response = Response(png(draw()), mimetype="image/png")
    response.set_etag(tag)
    # Kept, but asked about every time: a checkpoint that went bad since must be noticed.
    response.headers["Cache-Control"] = "no-cache"
    return response


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


CODE = [PICTURE_VERSION, _installed("torch"), _installed("pillow"), _installed("hvae-explorer")]
"""The code that makes pictures; other versions may round otherwise."""
