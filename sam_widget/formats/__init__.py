"""Annotation files: one format is one module with the same pair of functions."""
