"""How good a model's samples are, as classifiers, the judges, see them."""
