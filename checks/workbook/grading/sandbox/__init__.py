"""Two walls around a submission: bubblewrap around the worker, and a cage around each service that it forks."""
