"""Networks by name: an atlas names its own, and only what is registered here is ever built."""
