"""Forged atlases, opened as the app does: each opens or is refused in one line."""

from collections import Counter

from documents import ROOT

FUZZ = ROOT / "fuzz"


def test_forgeries_open_or_are_refused_in_one_line(monkeypatch):
    monkeypatch.syspath_prepend(str(FUZZ))
    from forgeries import forgeries

    # `python fuzz/forgeries.py` makes 2,000, and opens every one whole. Each takes 45 ms of CPU here.
    seen = list(forgeries(250, seed=0, sparing=True))
    assert [forgery for forgery in seen if forgery.outcome == "fault"] == []
    outcomes = Counter(forgery.outcome for forgery in seen)
    # What never refuses, or never opens, tests nothing.
    assert min(outcomes[outcome] for outcome in ("opened", "part refused", "refused")) > 20
    assert len({forgery.way for forgery in seen}) >= 10
