"""What can be taken away: an atlas's metrics as CSV, and a point's model as safetensors."""

from __future__ import annotations

import io

from flask import Blueprint, Response, send_file
from werkzeug.exceptions import NotFound

from app.atlases.models import Models
from app.atlases.shelf import Shelf, UnknownName
from app.server.http_errors import answer_what_is_missing


def downloads_blueprint(shelf: Shelf, models: Models) -> Blueprint:
    """The download endpoints, `/atlases/…`."""
    blueprint = Blueprint("downloads", __name__)

    @blueprint.get("/atlases/<atlas>/metrics.csv")
    def metrics(atlas: str) -> Response:
        # Floats at full precision: what is read back is what was measured.
        response = Response(shelf[atlas].atlas.metrics.to_csv(index=False), mimetype="text/csv")
        response.headers["Content-Disposition"] = f'attachment; filename="{atlas}-metrics.csv"'
        return response

    @blueprint.get("/atlases/<atlas>/<point>.safetensors")
    def model(atlas: str, point: str) -> Response:
        snapshot = shelf[atlas]
        files = models.find(snapshot, point).files
        if not all(file.startswith("models/") for file in files):
            raise UnknownName("This point has no file of its own.")
        (file,) = files
        return send_file(
            io.BytesIO(snapshot.atlas.read(file)),
            mimetype="application/octet-stream",
            as_attachment=True,
            download_name=f"{atlas}-{point}.safetensors",
            etag=models.checksum(snapshot, file),
        )

    @blueprint.get("/atlases/<path:anything>")
    def nothing(anything: str) -> Response:
        # Without this, Dash would answer any address with its page.
        raise NotFound("There are metrics.csv and POINT.safetensors of each atlas.")

    answer_what_is_missing(blueprint, shelf)
    return blueprint
