"""What the checks of lesson 6 have in common."""

from shared.makers import make_recipe
from shared.reddit import make_posts, reddit, while_held

__all__ = ["make_posts", "make_recipe", "reddit", "while_held"]
