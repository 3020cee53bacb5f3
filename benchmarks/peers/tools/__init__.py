"""One file a tool: `prepare(workload, graph)` makes it ready, `run(ready, seed)` answers with the share who adopted."""
