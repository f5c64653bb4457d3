"""Parts that several panels share: controls, rows of figures, the colour key."""
