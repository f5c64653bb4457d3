"""Requests of a page to Dash's callbacks."""

from __future__ import annotations


def ask(client, prefix, output, inputs, state=()):
    """The whole answer of a callback of several outputs, None where nothing changes.

    prefix: of the atlas's page, empty for the first. inputs, state: (id, property, value).
    """
    outputs = [dict(zip(("id", "property"), one.split(".", 1), strict=True)) for one in output]
    named = [
        [{"id": name, "property": what, "value": value} for name, what, value in parts]
        for parts in (inputs, state)
    ]
    body = {
        "output": f"..{'...'.join(output)}..",
        "outputs": outputs,
        "inputs": named[0],
        "state": named[1],
        "changedPropIds": [f"{inputs[0][0]}.{inputs[0][1]}"],
    }
    answer = client.post(f"{prefix}/_dash-update-component", json=body)
    assert answer.status_code in (200, 204), answer.text
    return answer.get_json() if answer.status_code == 200 else None


def ask_for_figures(client, prefix, view, look, former=None):
    """The answer to a page that shows `view`; former: what it says that it has drawn."""
    outputs = [f"{view}-{kind}-{index}.children" for kind in ("place", "note") for index in range(3)]
    return ask(
        client,
        prefix,
        [*outputs, f"{view}-drawn.data"],
        [("look", "data", {"view": view, **look})],
        [(f"{view}-drawn", "data", former)],
    )


def wish_for(beta_2, beta_1):
    """The body of a page's wish that a point is trained."""
    return {
        "output": "training-result.data",
        "outputs": {"id": "training-result", "property": "data"},
        "inputs": [
            {"id": "training-wish", "property": "data", "value": {"beta_2": beta_2, "beta_1": beta_1}}
        ],
        "changedPropIds": ["training-wish.data"],
        "state": [],
    }
