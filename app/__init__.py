"""The page: reads an atlas, draws figures, serves pictures."""
