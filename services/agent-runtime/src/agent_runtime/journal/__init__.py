"""What happened in a conversation, kept in Redis so that any process can go on with it."""
