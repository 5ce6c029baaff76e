"""The recipe of GRPO training (`companion train mint-1.7b`, `mint-4b`, `mint-mini`). Defaults are the paper's numbers.

Source of the numbers: arXiv 2604.11742 and its released scripts. Where ours differ, the docstring of the value says so.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from planner.layouts import Layout
from training.recipe import apply, check, read_recipe
from training.rewards import LENGTH, VIOLATION, Mode, Weights

PAPER_SHA256 = "321e03366221d557e6e00696731532f2517c579c68294223f3ba8fc8aee480fa"
"""Of the 322 conversations that the paper trained on."""
PAPER_URL = "https://raw.githubusercontent.com/honglizhan/mint-empathy/main/data/conversations_322.json"
"""Where they are published. It names a branch and not a commit; the checksum decides whether it is the same file."""
SERVER = re.compile(r"https?://")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Conversations(_Frozen):
    """What is learned from."""

    mint: bool = True
    """The conversations of the paper: under --data, or downloaded once."""
    url: str = PAPER_URL
    """Where they are downloaded from if they are not there."""
    sha256: str = Field(default=PAPER_SHA256, pattern="^[0-9a-f]{64}$")
    """What the downloaded file must be."""
    files: tuple[str, ...] = ()
    """More conversations: exports with text, or any file that `companion import` reads."""
    crisis: bool = False
    """Also turns from the first sign of a crisis on. The paper took all; we leave them out unless asked."""
    held_out: float = Field(default=0.1, ge=0, lt=1)
    """Share of the conversations, chosen by their names, that is kept for measuring. The paper measured on others."""


class Prompts(_Frozen):
    """How a row becomes a prompt."""

    layout: Layout = Layout.MINT
    plan: bool = False
    """Whether the planner has its say, as in the chat. Without it `mint` is the paper's prompt: the ten tactics, and
    which of them were used; `tail` has no note, and `mini` no control tokens."""
    thinking: bool = True
    """Whether the model may think before it replies, if it can."""
    limit: int = Field(default=8192, ge=64)
    """Tokens of a prompt; the oldest exchanges of a longer one are left out."""


class Policy(_Frozen):
    """What is trained."""

    model: str = "Qwen/Qwen3-1.7B"
    """A name on the hub, a folder, or a GGUF file (the name of one that ships will do)."""
    lora: int = Field(default=16, ge=0)
    """Rank of the adapters on all linear layers; 0 trains every weight, as the paper did."""
    alpha: float = Field(default=32.0, gt=0)
    """Adapters are scaled by alpha / rank."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """Of the weights that stay as they are. In bfloat16 merging adapters for vLLM drifts them (TRL issue 6688)."""


class Sampling(_Frozen):
    """How replies are sampled."""

    tokens: int = Field(default=2048, ge=8)
    """Of a reply, thoughts included."""
    temperature: float = Field(default=1.0, gt=0, le=2)
    together: int = Field(default=64, ge=1)
    """Replies that are generated at once by `transformers`."""


class Rollout(Sampling):
    """How replies are made, and by whom."""

    engine: Literal["transformers", "vllm", "vllm-server"] = "transformers"
    """The paper used vLLM."""
    url: str = ""
    """Of the vLLM server."""

    @model_validator(mode="after")
    def _url_of_the_engine(self) -> Rollout:
        if self.engine == "vllm-server" and not SERVER.match(self.url):
            raise ValueError("engine=vllm-server needs rollout.url, the address of the server")
        if self.engine != "vllm-server" and self.url:
            raise ValueError(
                f"url is that of a vLLM server, and engine={self.engine} asks none: "
                "--set rollout.engine=vllm-server, or --set rollout.url="
            )
        return self


class Readers(_Frozen):
    """Who reads replies."""

    quality: str = "encoder"
    """Who judges: `encoder`, the folder or hub name of a sequence classifier, or the http address of a server. The
    paper used an 8B preference model."""
    tactics: str = "encoder"
    """Who reads tactics: `encoder`, or the http address of a server. The paper used ten 8B adapters."""
    timeout: float = Field(default=60.0, gt=0)
    """Seconds that a server may take for one answer."""
    tries: int = Field(default=3, ge=1)
    """How often a server that does not answer is asked."""

    @model_validator(mode="after")
    def _known_reader(self) -> Readers:
        if self.tactics != "encoder" and not SERVER.match(self.tactics):
            raise ValueError(f"tactics is encoder or an address that begins with http://, not {self.tactics!r}")
        return self


class RewardRecipe(Readers):
    """What a reply is worth (`training.rewards`)."""

    mode: Mode = "q+dkl"
    weight: float = Field(default=1.0, ge=0)
    """w, of novelty beside quality."""
    floor: float = Field(default=0.0, ge=0, le=1)
    """Share of a part's whole range below which its spread within a group is not stretched to 0..1."""
    length: int = Field(default=LENGTH, ge=1)
    """Tokens from which a reply loses."""
    opener: float = Field(default=1.0, ge=0)
    """a, of the opening (`q+dkl+opening`)."""
    run_on: float = Field(default=0.5, ge=0)
    """b, of running on (`q+dkl+opening`)."""
    violation: float = Field(default=VIOLATION, ge=0)
    """What a violation costs: naming tactics, or thinking without an end."""
    lint: bool = False
    """Whether a sentence that the chat never lets through (`companion.safety.lint`) is a violation, too. Not in the
    paper."""
    common: float = Field(default=0.1, gt=0, le=1)
    """Share of recent replies that may open alike before that opening counts as wholly worn (`q+dkl+opening`)."""

    @property
    def weights(self) -> Weights:
        """As the reward takes them."""
        return Weights(self.weight, self.opener, self.run_on, self.violation)


class Update(_Frozen):
    """The optimiser and the loss."""

    lr: float = Field(default=1e-5, gt=0)
    """Constant. The paper trained every weight with 1e-6; adapters learn nothing at that rate."""
    beta: float = Field(default=0.01, ge=0)
    """Weight of the KL to the model as it was (k3)."""
    epsilon: float = Field(default=0.2, gt=0)
    """Clipping of the ratio; without effect as long as each reply is used for one update."""
    loss: Literal["dapo", "bnpo", "grpo", "dr_grpo"] = "dapo"
    """The paper's is bnpo with micro-batches of 4, whose direction depends on how replies share micro-batches."""
    weight_decay: float = Field(default=0.01, ge=0)
    clip: float = Field(default=1.0, gt=0)
    """Largest norm of the gradient."""
    groups: int = Field(default=1, ge=1)
    """Whole groups in one micro-batch."""
    shared_prefix: bool = True
    """Read a group's prompt once; off is TRL's own update."""
    checkpointing: bool = False
    """Keep fewer activations and compute them again: less memory, a third more work."""


class OwnHistory(_Frozen):
    """Training on what the model itself says over a conversation; not in the paper."""

    every: int = Field(default=0, ge=0)
    """Steps after which the histories are made anew by the model as it is then; 0 keeps the human ones."""
    share: float = Field(default=1.0, gt=0, le=1)
    """Of the rows whose history is the model's own; the others keep the human one."""

    @model_validator(mode="after")
    def _share_of_something(self) -> OwnHistory:
        if self.share < 1 and not self.every:
            raise ValueError(
                f"share={self.share:g} is of the histories that every makes, and every=0 makes none: "
                "--set own_history.every=10, or --set own_history.share=1 for the human ones alone"
            )
        return self


class Ending(_Frozen):
    """What is measured at the end of a run. The crisis suite always is."""

    conversations: int = Field(default=24, ge=0)
    """Of those kept for measuring, how many the model is taken through, before and after; 0 leaves it out."""


class MintRecipe(_Frozen):
    """GRPO with a reward that pays for differing from the turn before."""

    method: Literal["grpo"] = "grpo"
    name: str = Field(pattern=r"^[\w.+-]{1,60}$")
    seed: int = 1
    gpu: bool = True
    """Whether it needs a GPU."""
    check_memory: bool = True
    """Whether it is refused where the estimate of its memory is more than the card has (`training.memory`)."""
    group: int = Field(default=8, ge=2)
    """Replies to one row."""
    rows: int = Field(default=24, ge=1)
    """Rows in one optimiser step, over all processes."""
    epochs: float = Field(default=3.0, gt=0)
    steps: int | None = Field(default=None, ge=1)
    """Ends the run after so many steps, whatever the epochs."""
    save_every: int = Field(default=50, ge=1)
    """Steps between two checkpoints."""
    data: Conversations = Conversations()
    prompts: Prompts = Prompts()
    policy: Policy = Policy()
    rollout: Rollout = Rollout()
    reward: RewardRecipe = RewardRecipe()
    update: Update = Update()
    own_history: OwnHistory = OwnHistory()
    ending: Ending = Ending()

    @model_validator(mode="after")
    def _fits_together(self) -> MintRecipe:
        if not self.data.mint and not self.data.files:
            raise ValueError("there is nothing to learn from: data.mint is false and data.files is empty")
        return self

    @property
    def longest(self) -> int:
        """Tokens of the longest reply."""
        return self.rollout.tokens

    def total(self, rows: int) -> int:
        """Optimiser steps over `rows` training rows: whole steps of each epoch, as TRL's sampler counts them."""
        return self.steps or max(1, int(rows // self.rows * self.epochs))


def read_mint(name: str, changes: tuple[str, ...] = ()) -> MintRecipe:
    """A shipped recipe or a TOML file with `key=value` changes; what it does not name has the paper's value.

    Raises NotFound for an unknown recipe, UsageError for one that cannot be used.
    """
    values: dict[str, Any] = check(MintRecipe, read_recipe(name)).model_dump(mode="json")
    for change in changes:
        apply(values, change)
    return check(MintRecipe, values)
