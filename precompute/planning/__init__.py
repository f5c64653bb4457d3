"""Planning a run: its options, its grid, what it will cost, and where theory puts its points."""
