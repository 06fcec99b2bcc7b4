"""email-poller: the e-mail channel of chat agents."""
