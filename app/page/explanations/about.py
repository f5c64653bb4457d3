"""What the page says about itself: the paper, this project, and how to cite both."""

from __future__ import annotations

from typing import Any, NamedTuple

from hvae import __version__

PROJECT = "HVAE Explorer"


class Paper(NamedTuple):
    """A paper. authors: family and given name of each. links: what it can be read by: name → address."""

    key: str
    title: str
    authors: tuple[tuple[str, str], ...]
    venue: str
    year: int
    links: dict[str, str]


PAPER = Paper(
    "xiao2023trading",
    "Trading Information between Latents in Hierarchical Variational Autoencoders",
    (("Xiao", "Tim Z."), ("Bamler", "Robert")),
    "International Conference on Learning Representations",
    2023,
    {
        "OpenReview": "https://openreview.net/forum?id=eWtMdr6yCmL",
        "arXiv:2302.04855": "https://arxiv.org/abs/2302.04855",
    },
)

IDEA = (
    "A hierarchical VAE can keep what it knows about a picture in its top latent z₂ or in its bottom latent "
    "z₁. The paper gives each layer its own β, the price of a nat there, and asks which split of the "
    "information is best at reconstructing, at representing and at generating."
)
ADDED = (
    "The whole plane of models at once. Each dot is a trained model that runs here, in your browser.",
    "The models between the dots. One network, trained once for all β, gives the model at any β.",
    "Claims. What the paper and this project say is judged again for each data set, with standard errors.",
    "Your own pictures. Draw one, or drop a file, and any model takes it; three commands make a page of "
    "your own data.",
)


def about() -> dict[str, Any]:
    """Return what the dialog shows, JSON-ready."""
    return {
        "idea": IDEA,
        "paper": {
            "title": PAPER.title,
            "by": " and ".join(f"{given} {family}" for family, given in PAPER.authors),
            "venue": f"{PAPER.venue} (ICLR) {PAPER.year}",
            "links": PAPER.links,
        },
        "added": ADDED,
        "citations": {"The paper": paper_bibtex(PAPER), PROJECT: project_bibtex()},
        "licence": f"{PROJECT} {__version__} is free software under the MIT licence.",
    }


def paper_bibtex(paper: Paper) -> str:
    """Return the entry of a conference paper."""
    return _entry(
        "inproceedings",
        paper.key,
        {
            "title": paper.title,
            "author": " and ".join(", ".join(author) for author in paper.authors),
            "booktitle": paper.venue,
            "year": str(paper.year),
            "url": next(iter(paper.links.values())),
        },
    )


def project_bibtex() -> str:
    """Return the entry of this software; its authors are one name."""
    fields = {"title": PROJECT, "author": f"{{The {PROJECT} maintainers}}", "version": __version__}
    return _entry("software", "hvae_explorer", fields)


def _entry(kind: str, key: str, fields: dict[str, str]) -> str:
    width = max(map(len, fields))
    lines = [f"  {name.ljust(width)} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])
