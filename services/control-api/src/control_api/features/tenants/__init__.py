"""The tenant, its carriers and its webhook keys."""
