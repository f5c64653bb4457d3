"""The health of this process, for those who run it."""

from __future__ import annotations

import sys

from flask import Blueprint, Response, jsonify

from app.pictures.decoder import Decoder


def health_blueprint(decoder: Decoder) -> Blueprint:
    """Return /healthz: 503 if this process was asked for a picture and torch does not work.

    `decoding` is the decoder's state; `torch`, whether this process has imported torch.
    """
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> tuple[Response, int]:
        state, has_failed = decoder.state, decoder.state == "failed"
        if has_failed:
            decoder.wake()
        status, code = ("broken", 503) if has_failed else ("ok", 200)
        return jsonify(status=status, decoding=state, torch="torch" in sys.modules), code

    return blueprint
