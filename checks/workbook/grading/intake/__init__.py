"""Take submissions in: from folders, archives and clones to the files that a learner may change, within limits.

Every name and every byte read here is hostile. Nothing is unpacked to disk, no link is followed, no program is run.
"""
