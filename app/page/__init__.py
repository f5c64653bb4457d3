"""What the page shows: its state, views, panels and figures."""
