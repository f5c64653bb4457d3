"""What can be taken away: an atlas's metrics as CSV, and a point's model as safetensors."""

from __future__ import annotations

from flask import Blueprint, Response, send_file
from werkzeug.exceptions import NotFound

from app.decoder import Decoder
from app.models import point_name
from hvae.errors import UserError


def downloads_blueprint(decoder: Decoder) -> Blueprint:
    """The download endpoints, `/atlases/…`."""
    blueprint = Blueprint("downloads", __name__)

    @blueprint.get("/atlases/<atlas>/metrics.csv")
    def metrics(atlas: str) -> Response:
        if atlas not in decoder.atlases:
            raise NotFound("There is no such atlas here.")
        table = decoder.atlases[atlas].metrics
        # Floats at full precision: what is read back is what was measured.
        response = Response(table.to_csv(index=False), mimetype="text/csv")
        response.headers["Content-Disposition"] = f'attachment; filename="{atlas}-metrics.csv"'
        return response

    @blueprint.get("/atlases/<atlas>/<point>.safetensors")
    def model(atlas: str, point: str) -> Response:
        if atlas not in decoder.atlases:
            raise NotFound("There is no such atlas here.")
        opened = decoder.atlases[atlas]
        names = {point_name(str(name)): str(name) for name in opened.metrics["checkpoint"]}
        if point not in names:
            raise NotFound("This atlas has no such point.")
        try:
            file = opened.checked_file(names[point])
        except UserError:
            raise NotFound("The file of this point is missing or damaged on the server.") from None
        return send_file(
            file.resolve(),
            mimetype="application/octet-stream",
            as_attachment=True,
            download_name=f"{atlas}-{point}.safetensors",
        )

    @blueprint.get("/atlases/<path:anything>")
    def nothing(anything: str) -> Response:
        # Without this, Dash would answer any address with its page.
        raise NotFound("There are metrics.csv and POINT.safetensors of each atlas.")

    @blueprint.errorhandler(NotFound)
    def not_found(error: NotFound) -> tuple[dict[str, str | None], int]:
        return {"error": error.description}, 404

    return blueprint
