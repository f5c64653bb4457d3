"""Atlases of ladder inference and of other sizes: diagram, pictures, a drawing, and a photograph."""

import io
import re

from atlas_builder import add_parent, build_atlas
from PIL import Image

from app.pictures.your_image import read_image
from hvae.config import HVAEConfig

LADDER = HVAEConfig(image_shape=(1, 28, 28), top_dim=8, channels=2, width=8, inference="ladder")
SAMPLES = ("model-samples", "model-reconstructions", "model-resample")
PARTS = {
    "walks": ("model-z2", "model-z2-strips", "model-z1", "model-z1-strips"),
    "mix": ("model-thumbnails", "model-mix", "model-interpolation"),
}


def test_its_pictures_are_drawn_its_diagram_is_the_ladders_and_a_drawing_has_its_size(
    open_page, serve, tmp_path
):
    explorer = open_page(serve(add_parent(build_atlas(tmp_path / "ladder", config=LADDER))))
    page = explorer.page
    page.click("#tab-model")
    explorer.wait_until_shown("", SAMPLES)
    size = page.evaluate(
        """() => {
            const image = document.getElementById('model-samples-picture');
            const box = image.getBoundingClientRect();
            return [image.width / image.height, box.width / box.height];
        }"""
    )
    assert abs(size[0] - size[1]) < 0.05, "the place that is kept free has the picture's proportions"
    nodes = page.locator("#flow").text_content()
    assert "d" in re.findall("[a-z]", nodes.replace("nats", "")), "Fig. 1b: d₁ is merged with the prior"
    for part, slots in PARTS.items():
        page.click(f"#part-tab-{part}")
        explorer.wait_until_shown("", slots)
    page.click("#tab-own")
    page.wait_for_selector("#own-canvas", state="visible")
    box = page.locator("#own-canvas").bounding_box()
    middle = box["x"] + 0.5 * box["width"]
    page.mouse.move(middle, box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(middle, box["y"] + 0.8 * box["height"], steps=4)
    page.mouse.up()
    page.wait_for_function("() => location.search.includes('own=')")
    explorer.wait_until_shown("", ("own-layers", "own-resample"))
    text = re.search(r"[?&]own=([A-Za-z0-9_-]+)", explorer.address)[1]
    image = read_image(text, (1, 28, 28))[0]
    assert image.shape[-2:] == (28, 28) and float(image.max()) > 0.7
    nodes = page.locator("#own-flow .node").all_text_contents()
    assert "d1" in nodes, "the ladder's diagram for the image, too"


def test_a_photograph_of_any_size_becomes_one_of_the_models_64_by_64_pixels(open_page, serve, tmp_path):
    config = HVAEConfig(image_shape=(3, 64, 64), top_dim=4, channels=2, width=8)
    metrics = {"distortion": [8000.0], "neg_elbo": [8031.0]}
    folder = build_atlas(tmp_path / "large", (1.0,), config, metrics=metrics)
    explorer = open_page(serve(folder))
    explorer.page.click("#tab-own")
    explorer.page.wait_for_selector("#own-file", state="attached")
    photograph = io.BytesIO()
    Image.radial_gradient("L").resize((300, 200)).convert("RGB").save(photograph, "JPEG")
    file = {"name": "it.jpg", "mimeType": "image/jpeg", "buffer": photograph.getvalue()}
    explorer.page.set_input_files("#own-file", file)
    explorer.page.wait_for_function("() => location.search.includes('own=')")
    explorer.wait_until_shown("", ("own-layers", "own-resample"))
    text = re.search(r"[?&]own=([A-Za-z0-9_-]+)", explorer.address)[1]
    assert read_image(text, (3, 64, 64)).shape[-3:] == (3, 64, 64)
    height = explorer.page.evaluate("document.getElementById('own-layers-picture').height")
    assert height == 64, "one row of tiles"


def test_where_the_picture_depends_on_z2_directly_the_diagram_shows_its_path(open_page, serve, tmp_path):
    config = HVAEConfig.of("local", top_dim=4, width=8)
    explorer = open_page(serve(build_atlas(tmp_path / "local", config=config)))
    explorer.page.click("#tab-model")
    explorer.wait_until_shown("", SAMPLES)
    assert "p(x|z₁, z₂)" in explorer.page.text_content("#flow-about")
    boxes = {
        edge: explorer.page.locator(f"#flow [data-edge={edge}]").bounding_box()
        for edge in ("p-x-z2", "p-x-z1", "q-z1")
    }
    assert boxes["p-x-z2"]["height"] > 1.5 * boxes["p-x-z1"]["height"], "from z₂ to x, past z₁"
    explorer.page.click("#tab-own")
    explorer.wait_until_shown("", ("own-thumbnails",))
    explorer.page.locator(".own-view .thumbnail").first.click()
    explorer.page.wait_for_function(
        "() => document.querySelectorAll('#own-flow .flow-dots[data-edge=p-x-z2]').length === 1"
    )
    assert explorer.page.locator("#own-flow [data-edge=p-z2]").count() == 0
