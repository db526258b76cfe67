"""Conversations with foreign systems, one folder each."""
