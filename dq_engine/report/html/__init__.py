"""Runs as pages of HTML."""
