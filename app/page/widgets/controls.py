"""Controls that choose what figures show. Each sets one field of the state, in the browser:
assets/page/controls/figure-choices.js.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input


def menu(name: str, label: str, choices: Mapping[str, str], value: str | None) -> dmc.Select:
    """Return a menu for the field `name`. choices: value → text. label: for screen readers."""
    return dmc.Select(
        id=f"control-{name}",
        data=[{"value": choice, "label": text} for choice, text in choices.items()],
        value=value,
        allowDeselect=False,
        disabled=not choices,
        placeholder="no metrics",
        size="xs",
        # Beside all views: nothing cuts it off there, and it is in a landmark.
        comboboxProps={"withinPortal": True, "portalProps": {"target": "main"}},
        className="control",
        maxDropdownHeight=360,
        **{"aria-label": label},
    )


def switch(name: str, label: str, choices: Mapping[str, str], value: str) -> dmc.SegmentedControl:
    """Return a row of buttons for the field `name`, of which one is pressed; otherwise as `menu`."""
    return dmc.SegmentedControl(
        id=f"control-{name}",
        data=[{"value": choice, "label": text} for choice, text in choices.items()],
        value=value,
        size="xs",
        className="control",
        **{"aria-label": label},
    )


def register(app: Dash, names: Sequence[str]) -> None:
    """Set the state when a visitor chooses; assets/page/controls moves them when something else sets it."""
    for name in names:
        app.clientside_callback(
            ClientsideFunction("hvae", f"choose-{name}"),
            Input(f"control-{name}", "value", allow_optional=True),  # not every atlas has it
            prevent_initial_call=True,
        )
