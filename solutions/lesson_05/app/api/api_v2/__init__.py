"""Version 2 of the API: a recipe has a title."""
