"""What explains the page: about it, its equations, its words."""

from __future__ import annotations

import re

import pytest
from documents import ROOT

from app.page.explanations.about import PAPER, about, paper_bibtex, project_bibtex
from hvae import __version__

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
