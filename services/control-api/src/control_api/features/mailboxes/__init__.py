"""The mailbox of an agent."""
