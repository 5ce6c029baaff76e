"""Experiments with people: a design in a TOML file, arms assigned by chance, questions before, between and after."""
