"""One mail, from being seen to being answered: threads, the agent's turn, the states that make the answer happen once."""
