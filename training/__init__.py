"""Everything that makes a model. The chat imports it only inside the bodies of `train` and `eval`."""

import companion  # noqa: F401  # sets the switches that keep libraries from reporting
