"""`companion train mint-1.7b`, `mint-4b`, `mint-mini`: MINT's GRPO with TRL, from a recipe to a trained policy.

TRL brings loss, advantages, distribution and resuming. Ours are the prompts and the reward, the rollouts
(`training.rollouts`) and what their tokens weigh (`training.importance`), the update that reads a prompt once for its
group (`training.shared_prefix`), and the run folder.
Which rows a step gets is decided before the run begins: a plain list, so that a run goes on exactly.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from trl import GRPOConfig

from companion.errors import CompanionError, UsageError
from training import policy, vllm_server
from training.enough_memory import Part, enough_memory
from training.grpo_reward import GrpoReward
from training.importance import ImportanceWeighted
from training.in_run_folder import InRunFolder
from training.mint_recipe import MintRecipe
from training.prompts import Row, columns
from training.rollouts import Reply, Rollouts
from training.run import Run
from training.shared_prefix import SharedPrefixTrainer


def schedule(rows: int, recipe: MintRecipe) -> list[int]:
    """Which row, by its place, comes when: `recipe.rows` of them at each step, each epoch in an order of its own.

    Raises UsageError for too few rows.
    """
    if rows < recipe.rows:
        raise UsageError(
            f"There are {rows} rows to learn from, fewer than the {recipe.rows} of one step: --set rows={max(1, rows)}."
        )
    wanted = recipe.total(rows) * recipe.rows
    order: list[int] = []
    for epoch in range(-(-wanted // (rows // recipe.rows * recipe.rows))):
        places = list(range(rows))
        random.Random(f"{recipe.seed}/rows/{epoch}").shuffle(places)
        order += places[: rows // recipe.rows * recipe.rows]
    return order[:wanted]


def config(recipe: MintRecipe, folder: Path, steps: int, processes: int) -> GRPOConfig:
    """The recipe in TRL's words. What it does not name is as the paper has it (reference: VERL's names in brackets)."""
    gpu = torch.cuda.is_available() and recipe.gpu
    per_process = recipe.group * recipe.update.groups
    vllm: dict[str, Any] = {}
    if recipe.rollout.engine != "transformers":
        vllm = {
            "use_vllm": True,
            "vllm_mode": "colocate" if recipe.rollout.engine == "vllm" else "server",
            "vllm_server_base_url": recipe.rollout.url.rstrip("/") or None,
            # Otherwise memory is set aside for all that the model could read.
            "vllm_max_model_length": recipe.prompts.limit + recipe.rollout.tokens,
            "vllm_enable_sleep_mode": recipe.rollout.engine == "vllm",
            "vllm_importance_sampling_correction": False,  # `training.importance` has it, for all rollouts
        }
    return GRPOConfig(
        output_dir=str(folder),
        seed=recipe.seed,
        use_cpu=not gpu,
        bf16=gpu,
        num_generations=recipe.group,
        per_device_train_batch_size=per_process,
        gradient_accumulation_steps=recipe.rows * recipe.group // (per_process * processes),
        max_completion_length=recipe.rollout.tokens,
        mask_truncated_completions=True,  # a reply that was cut off is scored, but not learned from
        max_steps=steps,
        shuffle_dataset=False,  # `schedule` did
        loss_type=recipe.update.loss,
        scale_rewards="group",  # norm_adv_by_std_in_grpo
        beta=recipe.update.beta,
        use_bias_correction_kl=False,  # low_var_kl as it is
        epsilon=recipe.update.epsilon,
        temperature=recipe.rollout.temperature,
        top_p=1.0,
        top_k=0,
        learning_rate=recipe.update.lr,
        lr_scheduler_type="constant",
        weight_decay=recipe.update.weight_decay,
        max_grad_norm=recipe.update.clip,
        gradient_checkpointing=recipe.update.checkpointing,
        ddp_find_unused_parameters=False,
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="steps",
        save_steps=recipe.save_every,
        save_total_limit=None,  # `Run.checkpoint` keeps the newest
        report_to="none",
        disable_tqdm=True,
        **vllm,
    )


class MintTrainer(InRunFolder, ImportanceWeighted, SharedPrefixTrainer):
    """TRL's trainer with our rows, rollouts and run folder; what goes wrong is a sentence."""

    def __init__(
        self,
        run: Run,
        recipe: MintRecipe,
        rows: Sequence[Row],
        rollouts: Rollouts | None,
        reward: GrpoReward,
        **given: Any,
    ) -> None:
        """`rollouts` None leaves them to vLLM."""
        self.run, self.recipe, self._rollouts, self._reward = run, recipe, rollouts, reward
        self.rate = ("update.lr", recipe.update.lr)
        self.shared_prefix = recipe.update.shared_prefix
        self.rows = self._first_rows = rows_by_place(rows)
        """What a place of the schedule stands for at present."""
        self.seconds: dict[str, float] = {}
        """Of the current step, by what they went into."""
        with vllm_server.in_words(recipe, run.folder):
            super().__init__(reward_funcs=reward, **given)
        policy.must_train(self.model)

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        """The data set holds places; what they stand for is looked up only now."""
        scored: dict[str, Any] = super()._generate_and_score_completions([self.rows[each["place"]] for each in inputs])
        return scored

    def replace_rows(self, rows: Mapping[int, Row]) -> None:
        """From now on these rows stand at their places."""
        self.rows = [*self._first_rows]
        for place, row in zip(rows, rows_by_place(list(rows.values())), strict=True):
            self.rows[place] = row

    def _generate_single_turn(self, prompt_ids: list[list[int]], *others: Any, **named: Any) -> Any:
        with self.timed("rollout"):
            if self._rollouts is None:
                with vllm_server.in_words(self.recipe, self.run.folder):
                    return super()._generate_single_turn(prompt_ids, *others, **named)
            self._rollouts.follow(self.accelerator.unwrap_model(self.model))
            groups = self._sample(prompt_ids[:: self.num_generations], self.num_generations, "rollout")
            replies = [reply for group in groups for reply in group]
            return [reply.tokens for reply in replies], [reply.logps for reply in replies]

    def say(self, prompts: Sequence[str], purpose: str) -> list[str]:
        """One reply of the present policy to each prompt; `purpose` is what its chance depends on."""
        assert self._rollouts is not None
        self._rollouts.follow(self.accelerator.unwrap_model(self.model))
        ids = self.processing_class(text=list(prompts))["input_ids"]
        replies = [reply.tokens for (reply,) in self._sample(ids, 1, purpose)]
        said: list[str] = self.processing_class.batch_decode(replies, skip_special_tokens=True)
        return said

    def _sample(self, prompts: Sequence[Sequence[int]], replies: int, purpose: str) -> list[list[Reply]]:
        """The seed is of the recipe, the step, the purpose and the process: what came before does not matter."""
        assert self._rollouts is not None
        chance = f"{self.recipe.seed}/{self.state.global_step}/{purpose}/{self.accelerator.process_index}"
        return self._rollouts.sample(
            prompts,
            replies,
            most=self.max_completion_length,
            temperature=self.temperature,
            seed=random.Random(chance).getrandbits(62),
        )

    def _calculate_rewards(self, *given: Any) -> torch.Tensor:
        with self.timed("reward"):
            rewards: torch.Tensor = super()._calculate_rewards(*given)
        if not bool(torch.isfinite(rewards).all()):
            raise CompanionError(
                f"A reward at step {self.state.global_step + 1} is no number. TRL would pass over the reply, or over "
                f"its whole group; training stopped. Continue with --resume {self.run.folder} once it is mended."
            )
        return rewards

    def training_step(self, *given: Any, **named: Any) -> torch.Tensor:
        with self.timed("update"):
            loss: torch.Tensor = super().training_step(*given, **named)
        return loss

    @contextmanager
    def timed(self, what: Part) -> Iterator[None]:
        """Adds to the seconds of `what`, and knows what would take less memory in it."""
        started = time.perf_counter()
        try:
            with enough_memory(self.recipe, what, lambda: f"at step {self.state.global_step + 1}, in the {what}"):
                yield
        finally:
            self.seconds[what] = self.seconds.get(what, 0.0) + time.perf_counter() - started

    def carried(self) -> dict[str, Any]:
        return super().carried() | self._reward.state()

    def carry_on(self, carried: dict[str, Any]) -> None:
        super().carry_on(carried)
        self._reward.restore(carried)


def rows_by_place(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The columns of each row."""
    found = columns(rows)
    return [{name: values[place] for name, values in found.items()} for place in range(len(rows))]
