"""Two sandboxes around a submission: bubblewrap around the worker, and a jail around each service that it forks."""
