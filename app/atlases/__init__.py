"""The served atlases: their models, and how changed files are noticed."""
