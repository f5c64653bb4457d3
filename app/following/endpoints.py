"""The endpoints of following: a page asks what the lecturer's screen shows, the lecturer's page says it."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from urllib.parse import parse_qsl

from flask import Blueprint, Response, abort, jsonify, request

from app.atlases.shelf import Shelf
from app.following.lectern import Lectern
from app.page.state import Screen

LONGEST_QUERY = 2**15
"""Characters of a screen's address. A visitor's own image has up to 24,000 of them."""

NOBODY = "Nobody leads here: the server was not started with --follow."
WRONG_CODE = "No lecture here has the code {code}: ask the lecturer for the address."
WRONG_KEY = "This page does not lead any more: open the lecturer's address that the server has printed."
NO_SCREEN = "This is not the address of a screen."


def following_blueprint(shelf: Shelf, lectern: Lectern | None) -> Blueprint:
    """Return the endpoints. lectern: None if nobody can be followed."""
    blueprint = Blueprint("following", __name__)

    @blueprint.get("/follow/<code>")
    def follow(code: str) -> Response:
        """Send a line of JSON whenever the screen has another version than `after` and the last line."""
        if lectern is None:
            abort(404, NOBODY)
        if not lectern.is_code(code):
            abort(404, WRONG_CODE.format(code=code[:20]))
        # Many screens in one answer: a request for each would cost the server more than the screens.
        news = lectern.news(request.args.get("after", -1, int))
        lines = (json.dumps(asdict(shown)) + "\n" for shown in news)
        response = Response(lines, mimetype="application/x-ndjson")
        response.headers["X-Accel-Buffering"] = "no"  # nginx would hold lines back until the answer ends
        return _fresh(response)

    @blueprint.post("/follow")
    def lead() -> Response:
        """Show the screen whose query is the body; the key is the bearer's token."""
        if lectern is None:
            abort(404, NOBODY)
        authorization = request.authorization
        if authorization is None or not lectern.is_key(authorization.token or ""):
            abort(403, WRONG_KEY)
        followers = lectern.show(checked_query(request.get_data(), shelf))
        return _fresh(jsonify({"code": lectern.code, "address": lectern.address, "followers": followers}))

    return blueprint


def checked_query(body: bytes, shelf: Shelf) -> str:
    """Return the query of a screen's address: fields of `Screen`, of an atlas that is served.

    Pages check the values, as they do those of any link. Aborts with 400 for anything else.
    """
    known = {field.name for field in fields(Screen)}
    if len(body) > LONGEST_QUERY:
        abort(400, NO_SCREEN)
    try:
        query = body.decode("ascii")
        said = parse_qsl(query, keep_blank_values=True, strict_parsing=True, max_num_fields=len(known))
    except ValueError:  # UnicodeDecodeError, too
        abort(400, NO_SCREEN)
    values = dict(said)
    if not query.isprintable() or not values.keys() <= known or values.get("atlas") not in shelf:
        abort(400, NO_SCREEN)
    return query


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
