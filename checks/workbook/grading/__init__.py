"""Grade a class: take submissions in, check each in a sandbox, store what was found, and report it."""
