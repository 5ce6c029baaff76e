"""Everything that makes a model: data, the mini model, GGUF. Imported by the chat only inside the body of `train` and `eval`."""
