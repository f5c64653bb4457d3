"""How often a verdict is "yes" where there is nothing to see: tables whose metrics are shuffled.

    python docs/shuffled_verdicts.py [ATLAS]… [--tables 800]

In half of the tables each metric is shuffled among the models by itself; in the other half all metrics are
shuffled together, so that a model keeps its numbers but loses its place. Rates stay where they are. Printed
is the share of "yes" for each claim, over all atlases; the rules are meant to stay below 5 %.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
import pandas as pd

from app.claims.claims import OF_THE_SOURCE, OURS, claims_table
from app.claims.differences import Paired, paired
from app.claims.verdicts import YES
from hvae.atlas.atlas import Atlas, shipped_names
from hvae.metrics.registry import measurements

RATES = ("rate_z2", "rate_z1", "rate_total")


def shuffled(
    table: pd.DataFrame, errors: Paired, random: np.random.Generator, together: bool
) -> tuple[pd.DataFrame, Paired]:
    """Return the table with each metric moved among the models, and its errors with it."""
    table, moved = table.copy(), dict(errors.covariances)
    everywhere = random.permutation(len(table))
    for measurement in measurements():
        for metric in measurement.names:
            if metric in RATES or metric not in table:
                continue
            order = everywhere if together else random.permutation(len(table))
            columns = [metric, f"{metric}_se"]
            table[columns] = table[columns].to_numpy()[order]
            if metric in moved:
                matrix = moved[metric].to_numpy()[np.ix_(order, order)]
                moved[metric] = pd.DataFrame(matrix, table.index, table.index)
    return table, errors._replace(covariances=moved)


def shares(atlases: Sequence[Atlas], tables: int) -> pd.DataFrame:
    """Return the share of "yes", in %, for each claim (rows) and each way of shuffling (columns)."""
    claims = (*OF_THE_SOURCE, *OURS)
    counts = np.zeros((len(claims), 2))
    random = np.random.default_rng(0)
    for number in range(tables):
        atlas, together = atlases[number // 2 % len(atlases)], number % 2
        table, errors = shuffled(claims_table(atlas), paired(atlas), random, bool(together))
        counts[:, together] += [claim.ask(table, errors).verdict == YES for claim in claims]
    columns = ["one by one", "together"]
    return pd.DataFrame(200 * counts / tables, [claim.sentence for claim in claims], columns)


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("atlases", nargs="*", default=shipped_names(), help="folders, or atlases that ship")
    parser.add_argument("--tables", type=int, default=800)
    asked = parser.parse_args()
    shipped = shipped_names()
    atlases = [Atlas.shipped(name) if name in shipped else Atlas.open(name) for name in asked.atlases]
    print(f'"yes" in {asked.tables} shuffled tables of {len(atlases)} atlases, %')
    print(shares(atlases, asked.tables).round(1).to_string())


if __name__ == "__main__":
    main()
