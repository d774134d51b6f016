"""The trusted side of a service: start it, talk to it within limits, know how it ended."""
