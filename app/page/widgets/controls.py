"""Controls of what figures show. Each writes one field of the state, in the browser:
assets/page/controls/figure-choices.js.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input


def menu(name: str, label: str, choices: Mapping[str, str], value: str | None) -> dmc.Select:
    """A menu for the field `name`; choices: value → text. `label` names it for who does not see it."""
    return dmc.Select(
        id=f"control-{name}",
        data=[{"value": choice, "label": text} for choice, text in choices.items()],
        value=value,
        allowDeselect=False,
        disabled=not choices,
        placeholder="no metrics",
        size="xs",
        comboboxProps={"withinPortal": True},
        className="control",
        maxDropdownHeight=360,
        **{"aria-label": label},
    )


def switch(name: str, label: str, choices: Mapping[str, str], value: str) -> dmc.SegmentedControl:
    """A row of buttons for the field `name`, one of which is down."""
    return dmc.SegmentedControl(
        id=f"control-{name}",
        data=[{"value": choice, "label": text} for choice, text in choices.items()],
        value=value,
        size="xs",
        className="control",
        **{"aria-label": label},
    )


def register(app: Dash, names: Sequence[str]) -> None:
    """Have what a visitor chooses become the state; assets/page/controls shows what else sets it."""
    for name in names:
        app.clientside_callback(
            ClientsideFunction("hvae", f"choose-{name}"),
            Input(f"control-{name}", "value", allow_optional=True),  # an atlas may give no cause for it
            prevent_initial_call=True,
        )
