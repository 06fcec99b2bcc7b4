"""Mail, calendars and messages for tools: one file per vendor behind one port each (rules I1 to I5)."""
