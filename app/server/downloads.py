"""An atlas's files over HTTP: its metrics as CSV, its models as safetensors, and its test images.

The page runs the models itself. Its addresses contain each file's version, so browsers can keep the files.
"""

from __future__ import annotations

import io

from flask import Blueprint, Response, request, send_file
from werkzeug.exceptions import NotFound

from app.atlases.file_version import file_version
from app.atlases.models import Models
from app.atlases.shelf import Shelf, Snapshot, UnknownName
from app.server.http_errors import answer_what_is_missing
from hvae.atlas.atlas import EXAMPLES, PARENT

FOR_GOOD = "public, max-age=31536000, immutable"


def downloads_blueprint(shelf: Shelf, models: Models) -> Blueprint:
    """Return the download endpoints, `/atlases/…`."""
    blueprint = Blueprint("downloads", __name__)

    def answer(snapshot: Snapshot, file: str, data: bytes, name: str) -> Response:
        response = send_file(
            io.BytesIO(data),
            mimetype="application/octet-stream",
            as_attachment=True,
            download_name=f"{snapshot.name}-{name}",
            etag=models.checksum(snapshot, file),
        )
        named = request.args.get("version")
        if named and named == file_version(snapshot.atlas, file):
            response.headers["Cache-Control"] = FOR_GOOD
        return response

    @blueprint.get("/atlases/<atlas>/metrics.csv")
    def metrics(atlas: str) -> Response:
        # Floats at full precision: readers get exactly the measured numbers.
        response = Response(shelf[atlas].atlas.metrics.to_csv(index=False), mimetype="text/csv")
        response.headers["Content-Disposition"] = f'attachment; filename="{atlas}-metrics.csv"'
        return response

    @blueprint.get("/atlases/<atlas>/examples.bin")
    def images(atlas: str) -> Response:
        """The test images, uint8 (N, C, H, W), without a header: the models' config says C, H and W."""
        snapshot = shelf[atlas]
        return answer(snapshot, EXAMPLES, snapshot.atlas.examples().images.tobytes(), "examples.bin")

    @blueprint.get(f"/atlases/<atlas>/{PARENT}")
    def parent(atlas: str) -> Response:
        snapshot = shelf[atlas]
        if PARENT not in snapshot.atlas.manifest.files:
            raise UnknownName("This atlas has no parent.")
        return answer(snapshot, PARENT, snapshot.atlas.read(PARENT), PARENT)

    @blueprint.get("/atlases/<atlas>/<point>.safetensors")
    def model(atlas: str, point: str) -> Response:
        snapshot = shelf[atlas]
        files = models.find(snapshot, point).files
        if not all(file.startswith("models/") for file in files):
            raise UnknownName("This point has no file of its own.")
        (file,) = files
        return answer(snapshot, file, snapshot.atlas.read(file), f"{point}.safetensors")

    @blueprint.get("/atlases/<path:anything>")
    def nothing(anything: str) -> Response:
        # Without this, Dash would answer any address with its page.
        raise NotFound(
            "There are metrics.csv, examples.bin, parent.safetensors and POINT.safetensors of each atlas."
        )

    answer_what_is_missing(blueprint, shelf)
    return blueprint
