"""Which mailboxes there are, which of them this process has, and when it looks into them."""
