"""Check an install that is not editable: run from an empty folder with PYTHONPATH naming the install."""

import os
import sys

import app.server.build
import hvae

where = os.environ["PYTHONPATH"]
for module in (app, hvae):
    if not module.__file__.startswith(where):
        sys.exit(f"{module.__name__} comes from {module.__file__}, not from {where}.")
atlas = hvae.Atlas.default()
client = app.server.build.create_app({atlas.name: atlas}).server.test_client()
point = atlas.nearest(1, 1)["checkpoint"].removeprefix("models/").removesuffix(".safetensors")
picture = f"/pictures/{atlas.name}/{point}/samples.png"
for address in ("/", "/assets/page.css", "/assets/page/main.js", picture):
    answer = client.get(address)
    if answer.status_code != 200:
        sys.exit(f"{address} answers {answer.status}.")
print("An install that is not editable serves its page and its pictures.")
