"""The tour of the first view: six places on it, one sentence each."""

from __future__ import annotations

from typing import NamedTuple


class Stop(NamedTuple):
    """A stop of the tour. place: CSS selector of what the light falls on. sentence: about it."""

    place: str
    sentence: str


TOUR = (
    Stop(
        "#landscapes-place-0",
        "Every dot is a trained model: to the right, z₂ knows more about a picture; upwards, z₁ adds more.",
    ),
    Stop(".legend .colour-key", "Its colour says what a nat cost in training: β₂ in z₂, and β₁ in z₁."),
    Stop(
        "#view-landscapes .board",
        "Each plane is about one goal: larger dots are better at it, and labels name the best.",
    ),
    Stop("#model-panel", "Click any dot, and its model reconstructs, moves and draws here, live."),
    Stop(".view-tabs", "Each tab asks one question more, and in one of them you draw an image of your own."),
    Stop(
        ".tools",
        "Lecture tells the story step by step, About says whose idea it is; ∑ and dotted words explain "
        "themselves.",
    ),
)

COUNTS = {6: "Six"}
INVITATION = f"New here? {COUNTS[len(TOUR)]} steps"
"""What a visitor reads who is here for the first time."""
