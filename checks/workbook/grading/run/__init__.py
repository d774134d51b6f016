"""Grade what was handed in: tasks, warm workers, a store of results."""
