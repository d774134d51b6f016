"""The database of a service: made fresh for it, and looked at from outside the app."""
