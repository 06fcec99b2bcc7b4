"""`make bench`: response latency, barge-in and cost of the whole platform against its budgets (docs/performance.md)."""
