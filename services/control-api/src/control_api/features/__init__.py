"""One folder per feature: endpoints → service → repository, schemas at the edge."""
