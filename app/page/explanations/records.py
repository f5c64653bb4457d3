"""All explanations, as the page's scripts read them."""

from __future__ import annotations

from typing import Any

from app.page.explanations.about import about
from app.page.explanations.glossary import GLOSSARY
from app.page.explanations.mathml import mathml
from app.page.explanations.tour import TOUR
from hvae.bounds import ACCURACY_BOUND, DISTORTION_BOUND
from hvae.metrics.metric import Explanation
from hvae.metrics.registry import metrics
from hvae.theory import OPTIMUM


def explanations() -> dict[str, Any]:
    """Return the explanations, the same for all atlases. JSON-ready.

    about: the page. records: name → title, sentences, equations as `mathml` gives them, and the words of
    texts that it explains. of_metrics: column → name, of metrics that share a record. tour: its stops.
    """
    return {
        "about": about(),
        "records": {one.name: _content(one) for one in records()},
        "of_metrics": {
            column: metric.explanation.name
            for column, metric in metrics().items()
            if metric.explanation and metric.explanation.name != column
        },
        "tour": [stop._asdict() for stop in TOUR],
    }


def records() -> list[Explanation]:
    """Return the records of metrics, bounds and words, each once. Raises ValueError if two share a name."""
    of_metrics = [metric.explanation for metric in metrics().values() if metric.explanation]
    found: dict[str, Explanation] = {}
    for one in (*of_metrics, DISTORTION_BOUND, ACCURACY_BOUND, OPTIMUM, *GLOSSARY):
        if found.setdefault(one.name, one) != one:
            raise ValueError(f"two explanations are named {one.name}")
    return list(found.values())


def _content(one: Explanation) -> dict[str, Any]:
    content = {"title": one.title, "sentences": one.sentences, "words": one.words}
    return content | ({"equations": [mathml(tex) for tex in one.equations]} if one.equations else {})
