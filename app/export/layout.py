"""Dash's layout of a page, as JSON, changed to what an export holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from app.page.shell.export import COMMAND

STAND_IN = (
    "Dots stand where their own models were measured. {which} drawn here by the parent, folded at the dot's "
    "β, not by the dot's own model."
)
NOT_HERE = (
    "Models of {count} of {all} dots are not part of this page: these dots have numbers, and no pictures."
)
NEEDS_A_SERVER = ("training-panel",)
"""Elements of what a page without a server cannot do."""


class Layout:
    """The components of a page. `json` is what Dash's renderer takes."""

    def __init__(self, json: dict[str, Any]) -> None:
        self.json = sort_properties(json)
        self._found = {part["props"]["id"]: part["props"] for part in _components(json) if _named(part)}

    def __getitem__(self, name: str) -> dict[str, Any]:
        """Return the properties of the component with this id."""
        return self._found[name]

    def __contains__(self, name: object) -> bool:
        return name in self._found

    def namespaces(self) -> set[str]:
        """Return the libraries whose components stand on the page."""
        return {part["namespace"] for part in _components(self.json)}

    def say(self, sentence: str) -> None:
        """Put a sentence into the page's head."""
        for part in _components(self.json):
            children = part["props"].get("children")
            if isinstance(children, list) and any(_is_link_message(child) for child in children):
                props = {"children": sentence, "className": "page-message"}
                children.append({"props": props, "type": "P", "namespace": "dash_html_components"})
                return

    def set_title(self, title: str) -> None:
        """Put another title above the page."""
        for part in _components(self.json):
            if part["type"] == "H1":
                part["props"]["children"] = title

    def remove_what_needs_a_server(self) -> None:
        """Hide what only a server can do."""
        for name in NEEDS_A_SERVER:
            if name in self:
                self[name]["style"] = {"display": "none"}
        if "export" in self:
            self["export"][COMMAND] = ""

    def hold_models(self, held: Collection[str], parent_range: tuple[float, float] | None) -> None:
        """Have only these points load models of their own; the parent stands in for others, in its range.

        The page says so.
        """
        points = self["points"]["data"]
        missing = {name: point for name, point in points.items() if name not in held and point["version"]}
        for point in missing.values():
            point["version"] = ""
            point["stand_in"] = parent_range is not None and all(
                parent_range[0] <= point[beta] <= parent_range[1] for beta in ("beta_2", "beta_1")
            )
        folded = sum(point["stand_in"] for point in missing.values())
        if folded:
            which = "Pictures are" if folded == len(points) else f"Pictures of {folded} of {len(points)} are"
            self.say(STAND_IN.format(which=which))
        if lost := len(missing) - folded:
            self.say(NOT_HERE.format(count=lost, all=len(points)))


def sort_properties(json: Any) -> Any:
    """Sort the names of all components' properties, in place, and return the JSON.

    Dash gives them in an order that differs from one process to the next.
    """
    for part in _components(json):
        part["props"] = dict(sorted(part["props"].items()))
    return json


def _components(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, list):
        for one in part:
            yield from _components(one)
    elif isinstance(part, dict) and {"props", "type", "namespace"} <= part.keys():
        yield part
        yield from _components(part["props"].get("children"))


def _named(part: dict[str, Any]) -> bool:
    return isinstance(part["props"].get("id"), str)


def _is_link_message(part: Any) -> bool:
    return isinstance(part, dict) and part.get("props", {}).get("id") == "link-message"
