"""What the data layer says no with. It knows nothing of HTTP: ``app.api.errors`` turns it into an answer."""


class Conflict(Exception):
    """The database refused a change because of a constraint. The text is for the client."""
