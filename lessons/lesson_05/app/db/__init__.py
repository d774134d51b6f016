"""The database: the base of every table, its column types, the engine, and the session of a request."""
