"""The upstream: a real HTTP server, run by the checks, that plays the third-party API a learner's app calls.

A check scripts its answers, lets the app call it, and then reads the log of what was asked::

    upstream.answer("/r/recipes/top", json={"posts": []})
    upstream.barrier(3)
    assert client.get("/ideas").status_code == 200
    assert upstream.barrier_met

Concurrency is proven without a stopwatch: with a barrier, no request is answered until so many are in flight at once.
A request is in flight from the moment it was read whole until its answer begins to be sent, so a client that asks
one thing after the other never has two. One that the client gave up no longer counts.
"""
