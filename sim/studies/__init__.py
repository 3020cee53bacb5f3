"""Questions asked of results, one file per kind of question; each imports from `experiment` and below."""
