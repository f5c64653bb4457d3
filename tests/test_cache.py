import pickle
import stat

import pytest

from hvae import UserError
from hvae.cache import MetricCache

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
