"""How points are trained and measured: in this process, in several, or on a Ray cluster."""
