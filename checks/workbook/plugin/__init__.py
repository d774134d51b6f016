"""The pytest plugin: its hooks and fixtures, which checks run, one run of them, and what it reports."""
