"""The side of a service that runs the learner's app: load it, serve it, report on its inside."""
