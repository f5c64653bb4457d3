"""Training: recipe, objective, the fleet that trains many points at once, and how it resumes."""
