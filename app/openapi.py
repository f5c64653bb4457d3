"""/openapi.json: the endpoints described from the very models that validate them."""

from __future__ import annotations

from typing import Any

from app.kinds import KINDS
from app.kinds.base import Kind
from app.queries import Query

ANSWERS = {
    "400": "A parameter is unknown, repeated, not a number or out of range.",
    "404": "There is no such atlas or point.",
    "409": "A file that the answer is made of is missing or damaged on the server.",
}


POINT = (
    "The checkpoint's file name without its suffix; or, of an atlas with a parent, fold_b2-X_b1-Y for the "
    "parent's fold at β₂ = X and β₁ = Y, each with four significant digits."
)


def description() -> dict[str, Any]:
    """The OpenAPI 3.1 document of everything that is not the page itself."""
    paths: dict[str, Any] = {kind.path: {"get": _answer(kind)} for kind in KINDS}
    paths["/healthz"] = {"get": _plain("health", "Whether the server is up.")}
    paths["/openapi.json"] = {"get": _plain("openapi", "This document.")}
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
    where = {"atlas": "The atlas's name.", "point": POINT}
    in_path = [
        {"name": name, "in": "path", "required": True, "description": text, "schema": {"type": "string"}}
        for name, text in where.items()
    ]
    etag = {"ETag": {"schema": {"type": "string"}, "description": "Strong."}}
    errors = {
        status: {
            "description": text,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
        for status, text in ANSWERS.items()
    }
    return {
        "operationId": kind.name,
        "summary": (kind.query.__doc__ or "").strip().splitlines()[0],
        "description": " ".join((kind.query.__doc__ or "").split()),
        "parameters": [*in_path, *_query_parameters(kind.query)],
        "responses": {
            "200": {
                "description": "The answer.",
                "headers": etag,
                "content": {kind.mimetype: {"schema": kind.schema}},
            },
            "304": {"description": "If-None-Match names this very answer.", "headers": etag},
            **errors,
        },
    }


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


def _plain(name: str, summary: str) -> dict[str, Any]:
    answer = {"description": summary, "content": {"application/json": {"schema": {"type": "object"}}}}
    return {"operationId": name, "summary": summary, "responses": {"200": answer}}
