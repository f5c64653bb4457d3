"""The registry of what can be asked about a point. A new kind is one entry in its module's KINDS."""

from app.pictures.kinds import layers, of_test_images, prior, rough_metrics
from app.pictures.kinds.kind import Kind

KINDS: tuple[Kind, ...] = (*prior.KINDS, *layers.KINDS, *of_test_images.KINDS, *rough_metrics.KINDS)
