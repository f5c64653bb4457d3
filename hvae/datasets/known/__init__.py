"""The data sets that `--dataset` knows: each module has a tuple `DATASETS`."""
