"""What the browser's models are compared with: the one place that knows where Python has it."""

from __future__ import annotations

from app.atlases.subject import Subject, to_floats
from app.pictures.registry import kinds
from app.pictures.your_image import read_image
from app.server.build import create_app
from hvae.atlas.atlas import Atlas
from hvae.atlas.checkpoint import load_model, load_parent, rounded, save_model, save_parent, tensors_in
from hvae.atlas.metadata import dimension_rates
from hvae.config import HVAEConfig
from hvae.directions import leading_directions
from hvae.errors import UserError
from hvae.metrics.rates import image_rates
from hvae.model import HVAE
from hvae.parent import Parent

__all__ = [
    "HVAE",
    "Atlas",
    "HVAEConfig",
    "Parent",
    "Subject",
    "UserError",
    "create_app",
    "kinds",
    "dimension_rates",
    "image_rates",
    "leading_directions",
    "load_model",
    "load_parent",
    "read_image",
    "rounded",
    "save_model",
    "save_parent",
    "tensors_in",
    "to_floats",
]
