"""What Python and the browser must agree on, which the browser reads from the page's HTML."""

import math

import pytest
from ways_to_serve import needs_server

from app.page.words import beta_text, value_text
from hvae.atlas.point import Point

pytestmark = needs_server("modules have addresses")

NATS = [0.0, 0.004, 0.0951, 1.2345, -3.21, 9.994, 9.996, 12.34, 999.94, 999.96, 1234.5678, -45678.9, 1e6]
ERRORS = [0.0, 4e-18, 0.0031, 0.06, 0.096, 0.4, 2.7, 9.6, 31.0]
BETAS = [0.001, 0.0123456, 0.1, 0.316228, 1, 2.15443, 10, 99.96, 999.96, 12345.6, 1e6, 3.3e-7]


@pytest.fixture
def run(explorer):
    """Evaluate a JavaScript function of one argument and one of the page's modules."""

    def evaluate(module, function, argument):
        code = f"async (argument) => ({function})(await import('/assets/page/core/{module}.js'), argument)"
        return explorer.page.evaluate(code, argument)

    return evaluate


def test_numbers_are_the_same_texts_in_both(run):
    write = "({ rateText }, all) => all.map((one) => rateText(one, 'nats'))"
    assert run("numbers", write, NATS) == [value_text("rate_z2", value) for value in NATS]
    assert run("numbers", "({ rateText }) => rateText(NaN, 'bits')", None) == value_text("psnr", math.nan)
    pairs = [[value, error] for value in NATS for error in ERRORS]
    write = "({ rateText }, all) => all.map(([one, error]) => rateText(one, 'nats', error))"
    assert run("numbers", write, pairs) == [value_text("rate_z2", *pair) for pair in pairs]
    write = "({ betaText }, all) => all.map(betaText)"
    assert run("numbers", write, BETAS) == list(map(beta_text, BETAS))


def test_folds_have_the_same_names_in_both(run):
    pairs = [[beta, other] for beta, other in zip(BETAS, reversed(BETAS), strict=True)]
    names = run("fold-names", "({ foldName }, all) => all.map((one) => foldName(...one))", pairs)
    assert names == [Point(*pair).fold_name for pair in pairs]
    strangers = ["b2-1_b1-1", "fold_b2-1_b1-", "fold_b2-1_b1-1_", "fold_b2-x_b1-1", ""]
    read = run("fold-names", "({ betasOfFold }, all) => all.map(betasOfFold)", [*names, *strangers])
    assert read == [*(list(Point.of_fold(name)) for name in names), *[None] * len(strangers)]


def test_templates_are_filled_in_as_they_are_described(explorer):
    template = (
        "{{?image}}\nown\n{{/image}}\n{{^image}}\nof {{images}}\n{{/image}}\n"
        "{{#z2}}\nz[{{index}}] = {{shift}} * {{seed}}\n{{/z2}}\n"
        "{{?latent=z1}}\nbelow\n{{/latent=z1}}\n{{^latent=z1}}\nabove\n{{/latent=z1}}\n"
        "f({{n}}{{?temperature}}, {{temperature}}{{/temperature}})\n"
    )
    code = """async ([template, all]) => {
        const { fill } = await import('/assets/page/views/templates.js');
        return all.map((given) => fill(template, given, { seed: '7', n: '16', images: '0' }));
    }"""
    given = [
        {},
        {"image": "x", "latent": "z1", "n": "3"},
        {"z2": [{"index": "0", "shift": "1"}, {"index": "4", "shift": "{{n}}"}], "temperature": "0"},
    ]
    assert explorer.page.evaluate(code, [template, given]) == [
        "of 0\nabove\nf(16)\n",
        "own\nbelow\nf(3)\n",
        "of 0\nz[0] = 1 * 7\nz[4] = {{n}} * 7\nabove\nf(16, 0)\n",
    ]
