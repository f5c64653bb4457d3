"""What can be asked about a point: each module here lists its kinds of answers in KINDS."""
