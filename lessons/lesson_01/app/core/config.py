"""What may differ between your laptop and the server, and nothing else."""

# Exercise 1.4: Read the settings from the environment
# class Settings(BaseSettings): ...
