"""Immigration: who must report, from when until when, and what became of each report."""
