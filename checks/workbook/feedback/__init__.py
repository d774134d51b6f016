"""From a verdict to words: what a learner reads in the terminal, in the notebook and in a report."""
