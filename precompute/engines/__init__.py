"""Engines that train and measure points: in this process, in several, or on a Ray cluster."""
