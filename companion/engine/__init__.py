"""What speaks: one small protocol and the engines behind it. Importing this package imports no engine."""
