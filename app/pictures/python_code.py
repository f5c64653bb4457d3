"""The Python that makes what is on screen in a notebook, as templates that the page fills in.

A kind of picture has its own template (`app.pictures.kind.Kind.python`); what stands around them is here. The
page fills them in (assets/page/views/templates.js), so that it needs no server for it. Their tags:

- `{{name}}`: the value that the picture's address gives; where it is silent, the query's default.
- `{{?name}}…{{/name}}`: what is between the two, if the address gives a value.
- `{{^name}}…{{/name}}`: what is between the two, if it gives none.
- `{{?name=value}}…{{/name=value}}`, and with `^`: whether it gives this very value.
- `{{#name}}…{{/name}}`: what is between the two for each entry of a list, whose fields are values there.

A tag of the last four that is alone on its line leaves no line behind.

Values: the parameters of the address; `model` and `name`, the variables of the model and of the pictures;
`z1` and `z2`, lists of the shifts along each latent, with `index` and `shift`; `dimensions`, those of z₂ that
carry the most rate, highest first. `images`, `own_image` and `leading_directions` may be used as they are.
"""

from __future__ import annotations

from typing import Any

from app.pictures.registry import kinds

MODEL = """\

{{?fold}}
{{model}} = atlas.load_parent().fold([{{beta_1}}, {{beta_2}}]).eval()
{{/fold}}
{{^fold}}
{{model}} = atlas.load(beta_2={{beta_2}}, beta_1={{beta_1}}, exact=True)
{{/fold}}
"""
"""Loads one model, this very one; the lines of its pictures follow."""

OPENING = """\

atlas = {{opening}}
{{?images}}
images = torch.from_numpy(atlas.examples().images).float() / 255
{{/images}}
{{?image}}
png = base64.urlsafe_b64decode("{{image}}" + "==")
drawn = Image.open(io.BytesIO(png)).convert("RGBA")
mode = "L" if atlas.manifest.config.image_shape[0] == 1 else "RGB"
flat = Image.alpha_composite(Image.new("RGBA", drawn.size, "black"), drawn).convert(mode)
own_image = torch.tensor(np.atleast_3d(flat)).permute(2, 0, 1)[None].float() / 255
{{/image}}
"""
"""Stands before the models. `images` is given if one of them names it; `image` is the visitor's own, as a
model takes it: see `app.pictures.your_image`."""

IMPORTS = """\
{{?base64}}
import base64
import io

import numpy as np
{{/base64}}
{{?torch}}
import torch
{{/torch}}
{{?Image}}
from PIL import Image

{{/Image}}
from hvae import Atlas
{{?leading_directions}}
from hvae.directions import leading_directions
{{/leading_directions}}
"""
"""Stands before all the rest; every word of the rest is given."""


def python_templates() -> dict[str, Any]:
    """Return what the page fills in: the templates above, and those of the kinds with their defaults.

    JSON-ready.
    """
    return {
        "imports": IMPORTS,
        "opening": OPENING,
        "model": MODEL,
        "kinds": {
            kind.name: {"python": kind.python, "defaults": kind.defaults} for kind in kinds() if kind.python
        },
    }
