"""Every performance measure of the source: one function and one docstring each, and their records."""
