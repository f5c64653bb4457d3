"""Claims: what the source claims and what this project adds, each judged by this atlas's numbers.

assets/page/views/claims.js sets the screen to the evidence.
"""

from __future__ import annotations

import json
from functools import lru_cache

import dash_mantine_components as dmc
from dash import Dash, html
from dash.development.base_component import Component

from app.claims.claims import OF_THE_SOURCE, OURS, Claim, answers, tally
from app.claims.verdicts import MISSING, Answer
from app.claims.words import between_runs
from app.page.words import dataset_title
from app.server.requested_atlas import RequestedAtlas
from hvae.atlas.atlas import Atlas

KEPT = 16
CHAPTERS = {
    "What Xiao & Bamler (ICLR 2023) found on SVHN": OF_THE_SOURCE,
    "What this project adds": OURS,
}


def layout(atlas: Atlas) -> Component:
    """Return a row for each claim: its verdict here, the numbers behind it, and a way to the evidence."""
    chapters = []
    for title, claims in CHAPTERS.items():
        given = _answers(atlas, claims)
        head = [html.H2(title), html.P(f"{dataset_title(atlas.manifest.dataset)}: {tally(given)}.")]
        rows = [_row(claim, answer) for claim, answer in zip(claims, given, strict=True)]
        chapters.append(html.Section([html.Div(head, className="claims-head"), html.Ul(rows)]))
    about = html.P(
        f"± is one standard error. {between_runs(atlas.manifest.scatter)} The rules of the verdicts are the "
        "same for every atlas.",
        className="claims-about",
    )
    return dmc.Paper([*chapters, about], className="panel claims", withBorder=True, radius="lg")


def register(app: Dash, requested: RequestedAtlas) -> None:
    """Add no callbacks: a script sets the screen."""


@lru_cache(KEPT)
def _answers(atlas: Atlas, claims: tuple[Claim, ...]) -> list[Answer]:
    """The same for every visitor of an atlas."""
    return answers(atlas, claims)


def _begun(sentence: str) -> str:
    """The sentence with a capital letter, unless it begins with a sign."""
    return sentence[0].upper() + sentence[1:] if sentence[0].isascii() else sentence


def _row(claim: Claim, answer: Answer) -> html.Li:
    kind = answer.verdict.replace(" ", "-")
    facts = " · ".join(filter(None, [answer.number, answer.regime]))
    show = html.Button(
        "Show",
        type="button",
        className="claim-show",
        **{"data-screen": json.dumps(answer.evidence), "aria-label": f"Show the evidence: {claim.sentence}"},
    )
    return html.Li(
        [
            html.Span(answer.verdict, className=f"verdict verdict-{kind}"),
            html.Div(
                [
                    html.H3(claim.sentence),
                    *([html.P(facts, className="claim-facts")] if facts else []),
                    html.P(f"{_begun(answer.why)}."),
                    html.Details([html.Summary("The rule"), html.P(claim.rule)]),
                ],
                className="claim-text",
            ),
            *([show] if answer.evidence and answer.verdict != MISSING else []),
        ],
        className="claim",
    )
