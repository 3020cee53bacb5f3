"""Published facts the model is held against, one function each; imports `experiment` and below."""
