"""When the caller speaks: the model's verdicts over all calls at once, and what they mean for one call."""
