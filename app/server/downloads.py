"""What can be taken away: an atlas's metrics as CSV, and a point's model as safetensors."""

from __future__ import annotations

import io

from flask import Blueprint, Response, send_file
from werkzeug.exceptions import NotFound

from app.atlases.models import Models, NotHere
from app.server.http_errors import answer_what_is_missing


def downloads_blueprint(models: Models) -> Blueprint:
    """The download endpoints, `/atlases/…`."""
    blueprint = Blueprint("downloads", __name__)

    @blueprint.get("/atlases/<atlas>/metrics.csv")
    def metrics(atlas: str) -> Response:
        if atlas not in models.atlases:
            raise NotHere("There is no such atlas here.")
        # Floats at full precision: what is read back is what was measured.
        response = Response(models.atlases[atlas].metrics.to_csv(index=False), mimetype="text/csv")
        response.headers["Content-Disposition"] = f'attachment; filename="{atlas}-metrics.csv"'
        return response

    @blueprint.get("/atlases/<atlas>/<point>.safetensors")
    def model(atlas: str, point: str) -> Response:
        files = models.find(atlas, point).files
        if not all(file.startswith("models/") for file in files):
            raise NotHere("This point has no file of its own.")
        (file,) = files
        return send_file(
            io.BytesIO(models.atlases[atlas].read(file)),
            mimetype="application/octet-stream",
            as_attachment=True,
            download_name=f"{atlas}-{point}.safetensors",
            etag=models.checksum(atlas, file),
        )

    @blueprint.get("/atlases/<path:anything>")
    def nothing(anything: str) -> Response:
        # Without this, Dash would answer any address with its page.
        raise NotFound("There are metrics.csv and POINT.safetensors of each atlas.")

    answer_what_is_missing(blueprint, models)
    return blueprint
