"""Lets ``pytest --nbval notebooks`` find its plugin, and leaves the learner's own copies alone."""

pytest_plugins = ["workbook.plugin.lazy_plugins"]
collect_ignore = ["mine"]
