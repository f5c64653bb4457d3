"""What a run needs at its end is looked at before its beginning; what it can do without, it does without."""

import errno
import os
import sqlite3

import pytest

from hvae.metrics.cache import usable_cache
from precompute.atlas_folder.place import refuse_place
from precompute.engines.workers import why_no_processes

KEY = {"metric": "psnr", "checkpoint": "0" * 64}


def file_in_the_way(folder):
    folder.write_text("not a folder")


def nobodys_home(folder):
    os.environ["HVAE_CACHE_DIR"] = "~no-such-user/cache"


def no_home_at_all(folder):
    def homeless(*_, **__):
        raise RuntimeError("Could not determine home directory.")

    os.environ["HVAE_CACHE_DIR"] = ""
    patch = pytest.MonkeyPatch()
    patch.setattr("platformdirs.user_cache_path", homeless)
    return patch.undo


def where_nothing_can_be_made(folder):
    folder.symlink_to("/proc")


def others_may_write(folder):
    (folder / "metrics").mkdir(parents=True)
    (folder / "metrics").chmod(0o777)


def another_users(folder):
    (folder / "metrics").mkdir(parents=True)
    if os.geteuid():
        pytest.skip("only root can give a folder away")
    os.chown(folder / "metrics", 12345, 12345)


def a_link(folder):
    (folder / "elsewhere").mkdir(parents=True)
    (folder / "metrics").symlink_to(folder / "elsewhere")


def garbage(folder):
    (folder / "metrics").mkdir(parents=True, mode=0o700)
    (folder / "metrics" / "cache.db").write_bytes(b"this is no database" * 1000)


def a_folder_for_a_database(folder):
    (folder / "metrics" / "cache.db").mkdir(parents=True)


def another_programs_database(folder):
    (folder / "metrics").mkdir(parents=True, mode=0o700)
    connection = sqlite3.connect(folder / "metrics" / "cache.db")
    connection.execute("CREATE TABLE Settings (other INTEGER)")
    connection.commit()
    connection.close()


def locked(folder):
    (folder / "metrics").mkdir(parents=True, mode=0o700)
    connection = sqlite3.connect(folder / "metrics" / "cache.db", isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    return connection.close


UNUSABLE = {
    file_in_the_way: "cannot be used",
    nobodys_home: "write the path without ~",
    no_home_at_all: "no home folder for a cache",
    where_nothing_can_be_made: "cannot be used",
    others_may_write: "others can write to it",
    another_users: "belongs to another user",
    a_link: "it is a link",
    garbage: "damaged",
    a_folder_for_a_database: "cannot be used",
    another_programs_database: "cannot be used",
    locked: "database is locked",
}


@pytest.mark.skipif(os.name != "posix", reason="owners, modes and links of files")
@pytest.mark.parametrize("trouble", UNUSABLE, ids=lambda trouble: trouble.__name__)
def test_an_unusable_cache_is_one_line_and_is_done_without(trouble, tmp_path, monkeypatch):
    monkeypatch.setattr("hvae.metrics.cache.LOCKED_SECONDS", 0.05)
    monkeypatch.setenv("HVAE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    said, end = [], trouble(tmp_path / "cache") or (lambda: None)
    try:
        cache = usable_cache(said.append)
    finally:
        end()
    cache.set(KEY, {"psnr": 20.0})
    assert cache.get(KEY) is None
    cache.close()
    (line,) = said
    assert line.startswith("Going on without the cache") and "\n" not in line
    assert UNUSABLE[trouble] in line


def test_a_cache_that_can_be_used_is_used_without_a_word(tmp_path):
    said = []
    cache = usable_cache(said.append, tmp_path)
    cache.set(KEY, {"psnr": 20.0})
    assert cache.get(KEY) == {"psnr": 20.0}
    assert said == []


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOSPC, errno.ENOENT, errno.ENOSYS, errno.EROFS])
def test_without_semaphores_there_are_no_workers_and_the_cause_is_named(number):
    def refused():
        raise OSError(number, os.strerror(number))

    why = why_no_processes(refused)
    assert os.strerror(number) in why and "\n" not in why
    assert why_no_processes() is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_refused_before_the_data_are_read(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError) as refused:
        refuse_place(tmp_path / "atlas", "digits")
    assert refused.value.filename == str(tmp_path / "atlas")
