"""The learner's app as a live service in a process of its own: start it, talk to it, look inside, stop it.

Two sides meet here. ``process``, ``client``, ``database`` and ``upstream`` run in the trusted checks process.
``host``, ``serve``, ``probes`` and ``fresh`` run in the process of the learner's code. What comes from that side is
only ever read as JSON or HTTP, with limits.
"""
