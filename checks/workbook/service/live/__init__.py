"""Serve an app to people: in a notebook, in the browser. What the checks ask is served by ``service.child.serve``."""
