"""Everything that makes a model. The chat imports it only inside the bodies of `train` and `eval`."""
