"""`--model KEY=VALUE`: what it takes, what it refuses and which value it names instead, what it leads to."""

import dataclasses
import math
import re

import pytest
from command_line import called
from hypothesis import given
from hypothesis import strategies as st
from small_runs import CONFIG, PLAN, run_small, small_data

import precompute.planning.model_options as model_options
from hvae import HVAE, HVAEConfig, UserError
from hvae.config import FIELDS
from hvae.datasets import registry
from precompute.planning.model_options import keys, model_fields, model_help
from precompute.planning.options import Options

NUMBERS = ("variance", "top_dim", "channels", "width")

GOOD = [
    ("inference=ladder", {"inference": "ladder"}),
    (" likelihood = bernoulli ", {"likelihood": "bernoulli"}),
    ("variance=5e-2", {"variance": 0.05}),
    ("variance=1", {"variance": 1.0}),
    ("top_dim=1", {"top_dim": 1}),
    ("top_dim=1024", {"top_dim": 1024}),
    ("channels=8", {"channels": 8}),
    ("width=16.0", {"width": 16}),
    ("architecture=residual", {}),
    ("architecture=local", {"architecture": "local", "channels": 2}),
]
BAD = [  # what is typed, and the value that is named instead
    ("topdim=8", "top_dim"),
    ("=8", "did you mean"),
    ("infernce=ladder", "inference"),
    ("layers=3", "channels"),
    ("inference=lader", "ladder"),
    ("inference=", "generalized"),
    ("likelihood=Gauss", "gaussian"),
    ("architecture=resnet", "residual"),
    ("architecture=xiao", "xiao-bamler"),
    ("architecture=hvae.model", "residual"),
    ("variance=0", "variance=1e-6"),
    ("variance=inf", "variance=1e6"),
    ("variance=small", "variance=0.5"),
    ("top_dim=0", "top_dim=1"),
    ("top_dim=1025", "top_dim=1024"),
    ("top_dim=8.4", "top_dim=8"),
    ("top_dim=nan", "top_dim=32"),
    ("channels=-1e400", "channels=1"),
    ("width=7", "width=8"),
    ("width=600", "width=512"),
    ("width", "width=32"),
]


@pytest.mark.parametrize(("word", "fields"), GOOD)
def test_good_values_become_fields_of_the_config(word, fields):
    assert model_fields([word], "digits", 32) == fields
    config = HVAEConfig(**fields)
    assert {name: getattr(config, name) for name in fields} == fields


@pytest.mark.parametrize(("word", "instead"), BAD)
def test_bad_values_are_refused_in_one_line_that_names_the_nearest(word, instead):
    with pytest.raises(UserError, match=f"{re.escape(instead)}\\b") as refused:
        model_fields([word], "digits", 32)
    assert "\n" not in str(refused.value) and str(refused.value).startswith("--model ")


@given(st.sampled_from(NUMBERS), st.floats(allow_nan=False), st.sampled_from([16, 32, 128]))
def test_the_value_that_is_named_is_accepted_and_none_is_nearer(key, number, side):
    try:
        accepted = model_fields([f"{key}={number!r}"], "digits", side)[key]
        assert accepted == number
    except UserError as refused:
        named = re.search(rf"nearest is {key}=(\S+)\.$", str(refused))[1]
        close = model_fields([f"{key}={named}"], "digits", side)[key]
        if math.isfinite(number):
            for other in (close - 1, close + 1) if key != "width" else (close - 2, close + 2):
                if abs(other - number) < abs(close - number):
                    with pytest.raises(UserError):
                        model_fields([f"{key}={other!r}"], "digits", side)


@pytest.mark.parametrize("key", NUMBERS)
def test_what_the_command_line_takes_the_config_takes(key):
    """The record of a field is the only place that says what it may be."""
    field = FIELDS[key]
    for value, is_good in ((field.low, True), (field.high, True), (field.low - 1, False), (True, False)):
        if is_good:
            assert getattr(HVAEConfig(**{key: value}), key) == value
        else:
            with pytest.raises(ValueError, match=re.escape(f"{key} must be {field.allowed}, not {value}")):
                HVAEConfig(**{key: value})


def test_an_odd_width_has_no_network():
    with pytest.raises(ValueError, match="width must be an even number"):
        HVAE(width=5)


def test_two_values_for_a_key_are_refused():
    assert model_fields(["top_dim=8", "top_dim=8"], "digits", 32) == {"top_dim": 8}
    with pytest.raises(UserError, match="two values for top_dim, 8 and 9"):
        model_fields(["top_dim=8", "top_dim=9"], "digits", 32)


def test_larger_pictures_leave_room_for_narrower_networks():
    assert model_fields(["width=32"], "folder:x", 128) == {"width": 32}
    with pytest.raises(UserError, match="from 2 to 32: the nearest is width=32"):
        model_fields(["width=64"], "folder:x", 128)


def test_an_architecture_brings_its_own_defaults_limits_and_sizes():
    words = ["channels=600", "architecture=xiao-bamler", "top_dim=8"]
    with pytest.raises(UserError, match="from 1 to 512: the nearest is channels=512"):
        model_fields(words, "digits", 32)
    own = {"architecture": "xiao-bamler", "top_dim": 8, "channels": 32, "width": 32, "variance": 0.71**2}
    assert model_fields(words[1:], "digits", 32) == own
    with pytest.raises(UserError, match="multiples of 8, not 28: the nearest is --size 32"):
        Options(dataset="digits", model=words[1:], size=28)


def test_what_suits_a_data_set_holds_until_it_is_chosen(monkeypatch):
    digits = dataclasses.replace(registry.find("digits")[0], model={"top_dim": 12, "variance": 0.05})
    monkeypatch.setattr(model_options, "find", lambda name: (digits, ""))
    plan = Options(dataset="digits", model=["top_dim=8"]).plan(images=1437)
    assert plan.model == {"top_dim": 8, "variance": 0.05}
    assert "by default 12." in model_help("digits", 32)


@pytest.mark.parametrize(
    "arguments", [("run", "--model", "help"), ("plan", "--dataset", "mnist", "--model=help")]
)
def test_help_describes_every_key_whatever_else_is_missing(arguments):
    told = called(*arguments)
    assert told.returncode == 0 and not told.stderr
    described = " ".join(told.stdout.split())
    for key, field in keys().items():
        assert field.meaning in described
        default = "residual" if key == "architecture" else getattr(HVAEConfig(), key)
        assert re.search(rf"^{key} .*", told.stdout, re.M) and f"by default {default}." in described


def test_a_mistake_is_one_line_before_anything_is_read(tmp_path):
    told = called("run", tmp_path / "atlas", "--dataset", "mnist", "--model", "top_dim=0")
    assert told.returncode == 2 and told.stderr.count("\n") == 1 and "nearest is top_dim=1" in told.stderr
    assert not (tmp_path / "atlas").exists()


def test_going_on_with_other_options_says_which_differ(tmp_path):
    data, out = small_data(), tmp_path / "atlas"
    untrained = dataclasses.replace(PLAN, betas=[1.0], parent_recipe=None)
    untrained = dataclasses.replace(untrained, recipe=dataclasses.replace(PLAN.recipe, epochs=0))
    run_small(out, data, untrained)
    other = dataclasses.replace(CONFIG, top_dim=5, inference="ladder")
    with pytest.raises(UserError, match=r"another top_dim and inference \(4, generalized, not 5, ladder\)"):
        run_small(out, data, untrained, config=other)


@pytest.mark.parametrize(("size", "close"), [(30, 32), (0, 16), (1000, 128), (27, 28)])
def test_a_size_that_cannot_be_is_refused_and_the_nearest_named(size, close):
    with pytest.raises(UserError, match=f"the nearest is {close}"):
        Options(dataset="digits", size=size)
    assert Options(dataset="digits", size=close).size == close


def test_going_on_with_another_size_says_so(tmp_path):
    out = tmp_path / "atlas"
    untrained = dataclasses.replace(PLAN, betas=[1.0], parent_recipe=None)
    untrained = dataclasses.replace(untrained, recipe=dataclasses.replace(PLAN.recipe, epochs=0))
    run_small(out, small_data(), untrained)
    other = dataclasses.replace(CONFIG, image_shape=(1, 28, 28))
    with pytest.raises(UserError, match=r"another size \(32, not 28\)"):
        run_small(out, small_data(28), untrained, config=other)
