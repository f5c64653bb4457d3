"""Atlases that no honest run can make: the expected check refuses each one, with the reason."""

import shutil

import pytest
from documents import ROOT

from hvae import Atlas
from hvae.atlas.verify import problems

FUZZ = ROOT / "fuzz"


@pytest.fixture(scope="module")
def fuzz():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FUZZ))
        yield


@pytest.fixture(scope="module")
def sound(fuzz, tmp_path_factory):
    """A 2 × 2 atlas whose numbers were measured; not to be changed."""
    from honest_atlas import honest_atlas

    return honest_atlas(tmp_path_factory.mktemp("impossible") / "sound")


def test_an_honest_atlas_opens_and_is_sound(sound):
    assert len(Atlas.open(sound).metrics) == 4
    assert problems(sound) == []


def test_forgeries_are_refused_at_opening_or_by_verify_in_printable_lines(sound, tmp_path):
    from impossible import seen_by
    from impossible_atlases import OTHERS, SEEN_BY, of_columns

    # Of columns one by one, a third; `python fuzz/impossible.py` takes all.
    forgeries = [*list(of_columns())[::3], *OTHERS]
    forgeries = [forgery for forgery in forgeries if forgery.seen_by in ("opening", "verify")]
    assert len(forgeries) > 90
    late = []
    for forgery in forgeries:
        folder = shutil.copytree(sound, tmp_path / "forged")
        forgery.forge(folder)
        noticed, said = seen_by(folder, deep=False)
        shutil.rmtree(folder)
        if SEEN_BY.index(noticed) > SEEN_BY.index(forgery.seen_by):
            late.append(forgery.name)
        assert all(line.isprintable() and str(folder.name) in line for line in said), said
    assert late == []


def test_well_formed_false_numbers_are_found_by_measuring_again(sound, tmp_path):
    from impossible import seen_by
    from impossible_atlases import MEASURED_FALSELY

    chosen = {"a variance changed everywhere", "distortion 20 nats lower", "scores 1 % higher"}
    for forgery in MEASURED_FALSELY:
        if forgery.name in chosen:
            folder = shutil.copytree(sound, tmp_path / "forged")
            forgery.forge(folder)
            assert seen_by(folder, deep=True)[0] == "verify --deep", forgery.name
            shutil.rmtree(folder)
