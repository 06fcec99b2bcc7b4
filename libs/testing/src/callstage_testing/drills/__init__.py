"""Drills: the whole platform loses processes while calls are live, and the report says what callers noticed."""
