"""What explains the page: about it, its equations, its words."""

from __future__ import annotations

import re

import pytest
from documents import ROOT

from app.page.explanations.about import PAPER, about, paper_bibtex, project_bibtex
from app.page.explanations.mathml import mathml
from app.page.explanations.records import explanations, records
from hvae import __version__
from hvae.metrics.registry import metrics

CITED = (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def bibtex(entry: str) -> dict[str, str]:
    """Name → value of the fields of an entry."""
    return dict(re.findall(r"^  (\w+) *= \{(.*)\},$", entry, re.MULTILINE))


def test_both_entries_say_what_the_repository_asks_to_cite():
    paper, project = bibtex(paper_bibtex(PAPER)), bibtex(project_bibtex())
    for said in (paper["title"], paper["booktitle"], paper["year"], project["title"], __version__):
        assert said in CITED
    for family, given in (name.split(", ") for name in paper["author"].split(" and ")):
        assert f"family-names: {family}\n      given-names: {given}" in CITED
    assert project["author"].strip("{}") in CITED


def test_the_dialog_links_to_the_paper_that_the_readme_names():
    links = about()["paper"]["links"].values()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert any(f"]({link})" in readme for link in links)


@pytest.mark.parametrize("entry", about()["citations"].values())
def test_an_entry_closes_what_it_opens(entry):
    assert entry.count("{") == entry.count("}") and entry.startswith("@") and entry.endswith("\n}")


def test_every_metric_has_an_equation_and_every_record_two_or_three_sentences():
    assert [column for column, metric in metrics().items() if not metric.explanation] == []
    assert all(metric.explanation.equations for metric in metrics().values())
    for record in records():
        ends = re.findall(r"[.:](?= [A-Zf0-9I]|$)", record.sentences)
        assert 1 <= len(ends) <= 3 and record.sentences.endswith("."), record.name


def test_metrics_of_one_record_are_found_by_their_columns():
    all_of_them = explanations()
    for column, metric in metrics().items():
        name = all_of_them["of_metrics"].get(column, column)
        assert all_of_them["records"][name]["title"] == metric.explanation.title


@pytest.mark.parametrize(
    ("tex", "children"),
    [
        ("a_1^2", [["msubsup", ["mi", "a"], ["mn", "1"], ["mn", "2"]]]),
        (r"\frac{a + 1}b", [["mfrac", ["mrow", ["mi", "a"], ["mo", "+"], ["mn", "1"]], ["mi", "b"]]]),
        (
            r"\tfrac12 b",
            [["mstyle", {"displaystyle": "false"}, ["mfrac", ["mn", "1"], ["mn", "2"]]], ["mi", "b"]],
        ),
        (r"\text{for a} - x", [["mtext", "for a"], ["mo", "−"], ["mi", "x"]]),
        ("\\varphi'", [["msup", ["mi", "φ"], ["mo", "′"]]]),
    ],
)
def test_tex_becomes_the_elements_that_mathml_has_for_it(tex, children):
    assert mathml(tex) == ["math", {"display": "block"}, *children]


@pytest.mark.parametrize("tex", [r"\unknown", r"\frac{a}", "{a", "a &"])
def test_tex_that_is_not_known_is_refused(tex):
    with pytest.raises(ValueError, match="known|missing|too early"):
        mathml(tex)


def test_what_is_looked_for_in_texts_are_words_and_what_explains_them_are_sentences():
    for one in records():
        assert one.sentences.endswith("."), one.name
        assert not any(word.endswith(".") or len(word.split()) > 4 for word in one.words), one.name
