import os
import pickle
import stat
from pathlib import Path

import pytest

from hvae import UserError
from hvae.files import own_folder
from hvae.metrics.cache import MetricCache

KEY = {"checkpoint": "0" * 64, "metric": "mutual information", "fingerprint": '{"version": 1}'}


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle in the cache was executed",))


def test_what_was_stored_comes_back_and_nothing_else(tmp_path):
    cache = MetricCache(tmp_path)
    cache.set(KEY, {"mi_z2": 1.25, "mi_z2_se": float("inf")})
    assert MetricCache(tmp_path).get(KEY) == {"mi_z2": 1.25, "mi_z2_se": float("inf")}
    assert cache.get({**KEY, "fingerprint": '{"version": 2}'}) is None
    assert cache.get({**KEY, "checkpoint": "1" * 64}) is None


def test_the_order_in_which_a_key_is_written_does_not_matter(tmp_path):
    cache = MetricCache(tmp_path)
    cache.set(KEY, {"psnr": 20.0})
    assert cache.get(dict(reversed(KEY.items()))) == {"psnr": 20.0}


def test_only_the_user_may_enter_the_folder(tmp_path):
    MetricCache(tmp_path)
    assert stat.S_IMODE((tmp_path / "metrics").stat().st_mode) == 0o700


def test_a_pickle_that_someone_planted_is_not_read(tmp_path):
    cache = MetricCache(tmp_path)
    cache.set(KEY, {"psnr": 20.0})
    cache._cache._sql("UPDATE Cache SET mode = 4, value = ?", (pickle.dumps(Bomb()),))
    assert cache.get(KEY) is None


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="HVAE_CACHE_DIR"):
        MetricCache(tmp_path / "file")


posix = pytest.mark.skipif(os.name != "posix", reason="owners and modes of files")


@posix
def test_a_folder_that_others_can_write_to_is_not_used(tmp_path):
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics").chmod(0o770)
    with pytest.raises(UserError, match="others can write to it.*HVAE_CACHE_DIR"):
        MetricCache(tmp_path)
    assert list((tmp_path / "metrics").iterdir()) == []


@posix
def test_a_folder_that_others_can_replace_is_not_used_unless_it_is_like_tmp(tmp_path):
    place = tmp_path / "shared"
    place.mkdir()
    place.chmod(0o777)
    with pytest.raises(UserError, match="others can write to it"):
        MetricCache(place)
    place.chmod(0o1777)
    MetricCache(place).set(KEY, {"psnr": 20.0})


@posix
def test_a_link_in_place_of_the_folder_is_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    (tmp_path / "metrics").symlink_to(elsewhere)
    with pytest.raises(UserError, match="it is a link"):
        MetricCache(tmp_path)
    assert list(elsewhere.iterdir()) == [] and stat.S_IMODE(elsewhere.stat().st_mode) == 0o755


@posix
@pytest.mark.parametrize("whose", ["folder", "place"])
def test_a_folder_of_another_user_is_not_used(tmp_path, monkeypatch, whose):
    """Only root can give files away, so that who asks is changed instead, or what is said of the place."""
    folder = tmp_path / "metrics"
    folder.mkdir()
    somebody = os.getuid() + 1
    if whose == "folder":
        monkeypatch.setattr(os, "getuid", lambda: somebody)
    else:
        real = Path.stat

        def of_somebody(path, **how):
            found = real(path, **how)
            return os.stat_result((*found[:4], somebody, *found[5:])) if path == tmp_path else found

        monkeypatch.setattr(Path, "stat", of_somebody)
    with pytest.raises(PermissionError, match="another user"):
        own_folder(folder, 0o700)
    assert stat.S_IMODE(folder.lstat().st_mode) != 0o700


@pytest.mark.parametrize("planted", ["[1]", '"text"', '{"psnr": "high"}', '{"psnr": null}', "[" * 100_000])
def test_invalid_entries_count_as_missing(tmp_path, planted):
    import zlib

    cache = MetricCache(tmp_path)
    cache.set(KEY, {"psnr": 20.0})
    cache._cache._sql("UPDATE Cache SET mode = 1, value = ?", (zlib.compress(planted.encode()),))
    assert cache.get(KEY) is None
