"""What a course is, on disk and as data: lessons, starters, results, progress, backups."""
