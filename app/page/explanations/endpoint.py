"""What a browser fetches of the explanations, once it has shown the page: /explanations.json."""

from __future__ import annotations

import hashlib
import json
from functools import cache

from flask import Blueprint, Response, request

from app.page.explanations.records import explanations


def explanations_blueprint() -> Blueprint:
    """Return /explanations.json, the same for all atlases and all visitors."""
    blueprint = Blueprint("explanations", __name__)

    @blueprint.get("/explanations.json")
    def all_explanations() -> Response:
        response = Response(_text(), mimetype="application/json")
        response.headers["Cache-Control"] = "no-cache"
        response.set_etag(hashlib.sha256(_text()).hexdigest()[:32])
        return response.make_conditional(request)

    return blueprint


@cache
def _text() -> bytes:
    return json.dumps(explanations(), ensure_ascii=False, separators=(",", ":")).encode()
