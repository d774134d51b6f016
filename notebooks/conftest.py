"""Lets ``pytest --nbval notebooks`` find its plugin."""

pytest_plugins = ["workbook.on_demand"]
