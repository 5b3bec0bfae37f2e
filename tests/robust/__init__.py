"""Hostile input of every kind: what is damaged, false or meant to harm."""
