"""Figures: pure functions of a DataFrame."""
