"""Architectures by name: what is registered, and what happens to names that are not."""

import sys

import pytest

from hvae import HVAE, HVAEConfig, UserError
from hvae.architectures import registry


@pytest.mark.parametrize(
    "name", ["", "Residual", "os.path", "a/b", "../x", "a b", "x" * 41, "residual\n", 5, None]
)
def test_what_is_no_name_is_refused(name):
    with pytest.raises(ValueError, match="architecture must be a name"):
        HVAEConfig(architecture=name)


def test_a_name_that_is_not_registered_is_kept_and_imports_nothing():
    before = set(sys.modules)
    config = HVAEConfig(architecture="antigravity")
    assert config.to_dict()["architecture"] == "antigravity"
    assert HVAEConfig(**config.to_dict()) == config
    with pytest.raises(UserError, match="architecture antigravity, which this program does not have"):
        HVAE(config)
    assert set(sys.modules) == before


def test_the_default_is_left_out_of_what_is_written():
    assert "architecture" not in HVAEConfig().to_dict()
    assert HVAEConfig(**HVAEConfig().to_dict(), architecture="residual") == HVAEConfig()


def test_a_name_is_registered_once():
    with pytest.raises(ValueError, match="registered already"):
        registry.REGISTRY.register(registry.find("residual"))
