"""Questions asked of results, one room or file per kind of question; each imports from `experiment` and below."""
