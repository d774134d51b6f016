"""Is the service alive, and may it be sent requests?"""
