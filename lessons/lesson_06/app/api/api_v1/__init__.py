"""Version 1 of the API. It is frozen: what a client of it has seen stays as it is."""
