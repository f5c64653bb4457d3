"""The record of each architecture, one module each; `hvae.architectures.registry` finds them."""
