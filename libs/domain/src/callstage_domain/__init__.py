"""The words of the product as types: standard library and pydantic only."""
