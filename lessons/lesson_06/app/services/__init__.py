"""Rules of the kitchen that know neither HTTP nor SQL."""
