"""One module for each measurement: its metrics' records, and the function that fills their columns.

`hvae.metrics.registry` finds them: each module has a tuple `MEASUREMENTS`, and imports torch and scikit-learn
only where it measures.
"""
