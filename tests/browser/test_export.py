"""Taking things away: figures, metrics, the model, and code that reloads what is on screen."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from safetensors.numpy import load

from app.sheet import contact_sheet
from hvae.atlas import Atlas


def download(explorer, label):
    with explorer.page.expect_download() as started:
        explorer.page.get_by_label(label, exact=True).click()
    return started.value.path().read_bytes()


@pytest.fixture
def export(explorer):
    """The page with a model selected and the dialog open."""
    explorer.select("b2-10_b1-0.1")
    explorer.slide(0, 1.5)
    explorer.wait_until_shown("z2.0=1.5", ("traversal",))
    explorer.page.click("#open-export")
    explorer.page.wait_for_selector("#export-list li")
    return explorer


def test_every_figure_can_be_had_as_svg_and_as_a_png_for_print(export):
    names = export.page.locator("#export-list li:has-text('Figure:')").all_inner_texts()
    assert names
    name = names[0].split("\n")[0].removeprefix("Figure: ")
    svg = download(export, f"{name} as SVG").decode()
    assert svg.startswith("<svg") and "R(z" in svg
    image = Image.open(io.BytesIO(download(export, f"{name} as PNG")))
    assert image.width >= 2400


def test_the_metrics_read_back_as_they_were_measured(export, tiny_atlas):
    table = pd.read_csv(io.BytesIO(download(export, "Metrics as CSV")))
    pd.testing.assert_frame_equal(table, Atlas.open(tiny_atlas).metrics, check_exact=True)


def test_the_model_is_the_selected_points_file(export, tiny_atlas):
    file = tiny_atlas / "models" / "b2-10_b1-0.1.safetensors"
    downloaded = download(export, "Model as safetensors")
    assert downloaded == file.read_bytes() and load(downloaded)


def test_the_code_gives_the_pictures_on_screen(export, tiny_atlas, monkeypatch):
    monkeypatch.chdir(tiny_atlas.parent)
    names = {}
    exec(export.text("#export-code"), names)
    assert {"samples", "reconstructions", "traversal"} <= set(names)
    for slot in ("samples", "traversal"):
        url = export.page.locator(f"#{slot}-picture").get_attribute("data-picture-url")
        shown = export.page.request.get(export.page.url.split("?")[0].rstrip("/") + url).body()
        pixels = (names[slot].numpy() * 255).round().astype(np.uint8)
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(shown))), contact_sheet(pixels))


def test_what_is_not_there_is_not_found(export):
    address = export.page.url.split("?")[0]
    for path in ("tiny/nothing.safetensors", "none/metrics.csv", "tiny/%2e%2e%2f%2e%2e%2fx", "tiny"):
        answer = export.page.request.get(f"{address}atlases/{path}")
        assert answer.status == 404 and "/tmp" not in answer.text()
