"""Grapevine beside other tools on two simple workloads: same graph, same coefficients, answers checked first."""
