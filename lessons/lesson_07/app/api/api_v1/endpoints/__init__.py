"""The endpoints of version 1, a module for each kind of thing."""
