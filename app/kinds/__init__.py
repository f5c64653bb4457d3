"""The registry of what can be asked about a point. A new kind is one entry in its module's KINDS."""

from app.kinds import estimates, images, layers, prior
from app.kinds.base import Kind

KINDS: tuple[Kind, ...] = (*prior.KINDS, *layers.KINDS, *images.KINDS, *estimates.KINDS)
