"""Whether this process can do what it is there for, for whoever looks after it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.pictures.decoder import Decoder


def health_blueprint(decoder: Decoder) -> Blueprint:
    """/healthz: 503 where this process could not be made to decode pictures."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> tuple[Response, int]:
        if not decoder.ready.done():
            return jsonify(status="ok", decoding="starting"), 200
        if decoder.has_failed:
            decoder.try_again()
            return jsonify(status="broken", decoding="failed"), 503
        return jsonify(status="ok", decoding="ready"), 200

    return blueprint
