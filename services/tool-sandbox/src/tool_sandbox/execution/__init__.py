"""Running tools: once, within limits, in workers that can reach nothing by themselves."""
