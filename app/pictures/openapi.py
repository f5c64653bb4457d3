"""/openapi.json: the endpoints described from the very models that validate them."""

from __future__ import annotations

from typing import Any

from app.pictures.kind import Kind
from app.pictures.queries import Query
from app.pictures.registry import kinds
from hvae.atlas.point import FOLD_DIGITS, FOLD_NAME

ERRORS = {
    "400": "A parameter is unknown, repeated, not a number or out of range; or the Host is not a name "
    "of this server's.",
    "404": "There is no such atlas or point.",
    "409": "A file that the answer is made of is missing or damaged on the server.",
    "416": "The file has no such range of bytes.",
    "503": "More waits to be drawn than may: ask again after the seconds that Retry-After says.",
}
"""Status → why; the answer is one sentence."""

ATLAS = "The atlas's name."
POINT = (
    "The checkpoint's file name without its suffix; or, of an atlas with a parent, "
    f"{FOLD_NAME.format(beta_2='X', beta_1='Y')} for the parent's fold at β₂ = X and β₁ = Y, each with "
    f"{FOLD_DIGITS} significant digits."
)
ETAG = {"ETag": {"schema": {"type": "string"}, "description": "Strong."}}
BYTES = {"type": "string", "format": "binary"}


def description() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of everything that is not the page itself."""
    paths: dict[str, Any] = {kind.path: {"get": _answer(kind)} for kind in kinds()}
    paths["/atlases/{atlas}/metrics.csv"] = {
        "get": _operation(
            "metrics",
            "The atlas's table of points, at full precision.",
            [_in_path("atlas", ATLAS)],
            {"200": _content("The table, with a header.", "text/csv", {"type": "string"})},
            ("400", "404"),
        )
    }
    paths["/atlases/{atlas}/{point}.safetensors"] = {
        "get": _operation(
            "model",
            "A point's model, usable alone; a fold of the parent has none.",
            [_in_path("atlas", ATLAS), _in_path("point", POINT)],
            {
                "200": _content("The file.", "application/octet-stream", BYTES, ETAG),
                "206": _content(
                    "The range of bytes that was asked for.", "application/octet-stream", BYTES, ETAG
                ),
                "304": {"description": "The client has this very file.", "headers": ETAG},
            },
            ("400", "404", "409", "416"),
        )
    }
    paths["/healthz"] = {
        "get": _operation("health", "Whether pictures can be decoded.", [], _health(), ("400",))
    }
    document = _content(
        "This document.", "application/json", {"type": "object", "required": ["openapi", "paths"]}
    )
    paths["/openapi.json"] = {"get": _operation("openapi", "This document.", [], {"200": document}, ("400",))}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "HVAE Explorer: pictures and numbers",
            "version": "1",
            "description": "An answer is a pure function of its address; its ETag is strong. Pictures are "
            "contact sheets: tiles in rows, two transparent pixels between neighbours.",
        },
        "paths": paths,
        "components": {
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["error"],
                    "properties": {"error": {"type": "string", "description": "One sentence."}},
                }
            }
        },
    }


def _answer(kind: Kind) -> dict[str, Any]:
    about = " ".join((kind.query.__doc__ or "").split())
    operation = _operation(
        kind.name,
        (kind.query.__doc__ or "").strip().splitlines()[0],
        [_in_path("atlas", ATLAS), _in_path("point", POINT), *_query_parameters(kind.query)],
        {
            "200": _content("The answer.", kind.mimetype, kind.schema, ETAG),
            "304": {"description": "If-None-Match names this very answer.", "headers": ETAG},
        },
        ("400", "404", "409", "503"),
    )
    operation["responses"]["503"]["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    return {**operation, "description": about}


def _operation(
    name: str, summary: str, parameters: list[dict], answers: dict[str, dict], errors: tuple[str, ...]
) -> dict[str, Any]:
    error = {"$ref": "#/components/schemas/Error"}
    refusals = {status: _content(ERRORS[status], "application/json", error) for status in errors}
    return {
        "operationId": name,
        "summary": summary,
        "parameters": parameters,
        "responses": {**answers, **refusals},
    }


def _health() -> dict[str, Any]:
    def answer(text: str, status: str, decoding: list[str]) -> dict[str, Any]:
        said = {"status": {"const": status}, "decoding": {"enum": decoding}, "torch": {"type": "boolean"}}
        schema = {"type": "object", "required": list(said), "properties": said}
        return _content(text, "application/json", schema)

    return {
        "200": answer("They can, or nobody has asked yet.", "ok", ["asleep", "starting", "ready"]),
        "503": answer("torch does not work in this process.", "broken", ["failed"]),
    }


def _content(
    text: str, mimetype: str, schema: dict[str, Any], headers: dict[str, Any] | None = None
) -> dict[str, Any]:
    answer = {"description": text, "content": {mimetype: {"schema": schema}}}
    return {**answer, "headers": headers} if headers else answer


def _in_path(name: str, text: str) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1}
    return {"name": name, "in": "path", "required": True, "description": text, "schema": schema}


def _query_parameters(query: type[Query]) -> list[dict[str, Any]]:
    parameters = []
    for name, schema in query.model_json_schema()["properties"].items():
        parameter = {
            "name": name,
            "in": "query",
            "required": False,
            "description": schema.pop("description", ""),
            "schema": schema,
        }
        if schema.get("type") == "array":
            parameter |= {"style": "form", "explode": False}
        elif schema.get("type") == "object":
            # Each property is a parameter of its own: ?z2.3=1.5&z2.7=-0.2
            parameter |= {"style": "form", "explode": True}
        parameters.append(parameter)
    return parameters
