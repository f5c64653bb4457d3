"""What is served: the atlases, their models, and what happens when their files change."""
