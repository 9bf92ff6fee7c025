"""Bundled theme frames."""
