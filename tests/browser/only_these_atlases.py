"""app.wsgi with the atlases that TEST_ATLASES names, and none of those that ship."""

import os

from app.server import environment
from hvae.atlas.atlas import Atlas

folders = os.environ["TEST_ATLASES"].split(os.pathsep)
environment.served_atlases = lambda _: {atlas.name: atlas for atlas in map(Atlas.open, folders)}

from app.wsgi import server  # noqa: E402, F401
