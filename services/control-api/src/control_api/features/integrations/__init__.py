"""Connected accounts of a tenant: mail, calendars, messages (rules I1, I4)."""
