"""Panels of the page: each module holds one panel's layout and its callbacks."""
