"""For authors: build the starters and notebooks from the solutions, and prove that a lesson is right."""
