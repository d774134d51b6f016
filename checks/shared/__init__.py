"""What the checks of several lessons share. The grader copies it, and hashes it with each lesson."""
