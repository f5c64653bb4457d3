"""The dialog about the page: who it is by, and how to cite it; the exported page has the same."""

from __future__ import annotations

from app.page.explanations.about import PAPER, paper_bibtex, project_bibtex

CLIPBOARD = """() => {
    window.copied = '';
    Object.defineProperty(navigator, 'clipboard', {
        configurable: true, value: { writeText: async (text) => { window.copied = text; } },
    });
}"""


def test_the_dialog_names_paper_and_authors_and_copies_both_entries(explorer):
    page = explorer.page
    page.evaluate(CLIPBOARD)
    page.get_by_role("button", name="About").click()
    dialog = page.get_by_role("dialog", name="About")
    for said in (PAPER.title, "Tim Z. Xiao and Robert Bamler", "What this project adds", "UCI, CC BY 4.0"):
        assert said in dialog.inner_text()
    assert (
        dialog.get_by_role("link", name="arXiv:2302.04855").get_attribute("href")
        == PAPER.links["arXiv:2302.04855"]
    )
    entries = {"The paper": paper_bibtex(PAPER), "HVAE Explorer": project_bibtex()}
    for title, entry in entries.items():
        copy = dialog.get_by_role("button", name=f"Copy BibTeX: {title}")
        copy.click()
        dialog.get_by_text("Copied.").nth(list(entries).index(title)).wait_for()
        assert page.evaluate("window.copied") == entry
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
