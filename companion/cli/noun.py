"""Commands that are grouped by a noun, with a verb that is meant when none is given."""

from __future__ import annotations

import click


class Noun(click.Group):
    """`companion sessions` means `companion sessions list`: the `default` verb also takes options given without it."""

    def __init__(self, *arguments: object, default: str, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]  # click's own
        self._default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names and args[0] != "--version"):
            args = [self._default, *args]
        return super().parse_args(ctx, args)
