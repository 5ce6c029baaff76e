"""Measures of repetition over conversations, with intervals."""
