"""The endpoints of version 2, a module for each kind of thing."""
