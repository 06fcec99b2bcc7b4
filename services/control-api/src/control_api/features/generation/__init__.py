"""Prompts and tool code written by a language model (rules S6, T10)."""
