"""Every performance measure of the source: one function, one column, one docstring each."""
