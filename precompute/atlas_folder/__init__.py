"""The folder of an atlas that is being written: where it may be, how it begins, what survives a kill."""
