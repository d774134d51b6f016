"""How alike two texts of a class are: what they are made of, their fingerprints, and the lines they have in common."""
