"""Training a point from the page: jobs, their processes, and how a page finds them again."""
