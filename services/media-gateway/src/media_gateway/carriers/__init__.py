"""One folder per carrier: webhook, answer document, stream dialect behind one interface (rule C7)."""
