"""Errors as HTTP answers: one sentence each, without details about the server."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from dash import Dash
from dash.exceptions import DependencyException
from flask import Blueprint, Response, abort, jsonify, request
from markupsafe import escape
from werkzeug.exceptions import HTTPException, SecurityError

from app.atlases.shelf import Shelf, Snapshot, UnknownName
from hvae.errors import UserError

CALLBACKS = "/_dash-update-component"
"""The endpoint of Dash's callbacks, by its name in Flask."""

NOT_THIS_PAGE = "This page does not send such requests: reload it."

log = logging.getLogger(__name__)


def answer_mishaps(app: Dash) -> None:
    """Answer every error with a sentence. A request of a callback that no page would send is 400."""
    server = app.server

    @server.before_request
    def refuse_malformed() -> None:
        if request.endpoint != CALLBACKS or request.method != "POST":
            return
        try:
            body = request.get_json(silent=True)
        except RecursionError:  # brackets in brackets
            body = None
        # Dash compares the signatures of jobs with a function that raises on anything but ASCII.
        signed = all(value.isascii() for values in request.args.listvalues() for value in values)
        if not signed or not is_callback_request(body, app.callback_map):
            abort(400, NOT_THIS_PAGE)

    @server.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        response = error.get_response()
        if isinstance(error, SecurityError) and request.accept_mimetypes.accept_html:
            # A person who has typed the name into a browser needs a page.
            response.set_data(
                f"<!DOCTYPE html>\n<title>HVAE Explorer</title>\n<p>{escape(error.description)}</p>\n"
            )
            response.mimetype = "text/html"
            return response
        response.set_data(jsonify(error=error.description).data)
        response.mimetype = "application/json"
        return response

    @server.errorhandler(DependencyException)
    def no_such_asset(error: DependencyException) -> tuple[Response, int]:
        return jsonify(error="There is no such file."), 404

    @server.errorhandler(Exception)
    def unforeseen(error: Exception) -> tuple[Response, int]:
        log.error("%r failed", request.path, exc_info=error)
        return jsonify(error="The server could not answer this; its log says why."), 500


def answer_what_is_missing(blueprint: Blueprint, shelf: Shelf) -> None:
    """Answer requests of the blueprint for missing or damaged files with a sentence."""

    @blueprint.errorhandler(UnknownName)
    def unknown(error: UnknownName) -> tuple[Response, int]:
        return jsonify(error=str(error)), 404

    @blueprint.errorhandler(UserError)
    def bad_file(error: UserError) -> tuple[Response, int]:
        log.warning("%s", error)
        return jsonify(error=without_paths(str(error), shelf.snapshots)), 409


def without_paths(sentence: str, snapshots: Iterable[Snapshot]) -> str:
    """Return the sentence without the paths of the server's atlases."""
    for snapshot in snapshots:
        for path in (snapshot.atlas.path, snapshot.origin):
            for folder in {str(path), str(path.resolve())}:
                sentence = sentence.replace(f" in {folder}", "").replace(folder, snapshot.name)
    return sentence


def is_callback_request(body: object, callbacks: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether a body is a request of one of the server's callbacks, with all its inputs and states.

    callbacks: Dash's `callback_map`. Values are not checked here: every callback checks its own.
    """
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        return False
    callback = callbacks.get(body["output"])
    if callback is None or "callback" not in callback:
        return False
    several = body["output"].startswith("..")
    outputs = body.get("outputs") if several else [body.get("outputs")]
    named = body["output"][2:-2].split("...") if several else [body["output"]]
    changed = body.get("changedPropIds", [])
    return (
        _names(body.get("inputs", [])) == _names(callback["inputs"])
        and _names(body.get("state", [])) == _names(callback["state"])
        and _names(outputs) == [tuple(name.rsplit(".", 1)) for name in named]
        and isinstance(changed, list)
        and all(isinstance(name, str) for name in changed)
    )


def _names(properties: object) -> list[tuple[str, str]] | None:
    """Return (id, property) of each; None if they have another form."""
    if not isinstance(properties, list) or not all(isinstance(one, dict) for one in properties):
        return None
    names = [(one.get("id"), one.get("property")) for one in properties]
    return names if all(isinstance(part, str) for name in names for part in name) else None
