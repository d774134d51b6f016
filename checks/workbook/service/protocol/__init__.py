"""What passes between a service and the checks: plain facts as JSON, within limits."""
