"""SEINE against the published network and diffusion: names, shapes, hidden states, tables and whole runs.

`data/rivals_seine.npz` holds what the published code gave for the tiny sizes below, with weights and inputs by rule;
clips are kept at every third frame. `data/rivals_seine.json.gz` holds the names and shapes of the published file.
"""

import re

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.parity.goldens import build_filled, converted_shapes, state_shapes
from tests.parity.rivals import array, assert_near, map_tolerance, published_rival, recorded
from tests.parity.rule import weight_by_rule
from toontween.checkpoints.maps.rivals.seine import (
    KEY_MAP,
    PUBLISHED,
    SIGNATURE,
    config_from_original,
)
from toontween.interpolators.learned.seine.conditioning import transition_mask
from toontween.interpolators.learned.seine.network import SeineUNet
from toontween.interpolators.learned.seine.sampling import Condition, predict_noise, sample_latents
from toontween.interpolators.learned.seine.schedule import RespacedSchedule, Sampler

NAMES = published_rival("seine", "seine")
RECORDED = recorded("seine")
TINY = {
    **PUBLISHED,
    "block_out_channels": [64, 96, 128, 128],
    "attention_head_dim": 2,
    "cross_attention_dim": 48,
    "norm_num_groups": 16,
}
OUT_TOLERANCE, TABLE_TOLERANCE = 1e-4, 1e-9
RUN_TOLERANCE = 2e-4
"""In standard deviations of the entry: untrained networks do not denoise, so values grow to hundreds."""

TABLES = {
    "betas": "betas",
    "alphas_cumprod": "alphas_cumprod",
    "sqrt_recip_alphas_cumprod": "sqrt_recip_alphas_cumprod",
    "sqrt_recipm1_alphas_cumprod": "sqrt_recipm1_alphas_cumprod",
    "posterior_mean_coef1": "posterior_mean_coef1",
    "posterior_mean_coef2": "posterior_mean_coef2",
    "posterior_log_variance_clipped": "posterior_log_variance",
    "model_log_variance": "model_log_variance",
}
"""Published name of a table → ours."""


@pytest.fixture(scope="module")
def network() -> SeineUNet:
    network = build_filled(
        lambda: SeineUNet(**config_from_original(TINY)),
        key_map=KEY_MAP,
        names=NAMES,
        fill=weight_by_rule,
    )
    assert isinstance(network, SeineUNet)
    return network.requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def states(network) -> dict[str, Tensor]:
    """The output of the network and of some of its parts, frames apart: axes (b, c, t, h, w)."""
    parts = {
        "temb": network.time_embedding,
        "conv_in": network.conv_in,
        "res0": network.down_blocks[0].resnets[0],
        "att0": network.down_blocks[0].attentions[0],
        "temp0": network.down_blocks[0].attentions[0].attn_temp,
        "mid": network.mid_block,
        "up1": network.up_blocks[1],
    }
    found: dict[str, Tensor] = {}
    hooks = [
        part.register_forward_hook(lambda _m, _i, output, name=name: found.update({name: output}))
        for name, part in parts.items()
    ]
    sample, text = array("rv_se_x", (2, 9, 16, 8, 12)), array("rv_se_c", (2, 13, 48))
    found["out"] = network(sample, torch.tensor([501, 37]), text)
    for hook in hooks:
        hook.remove()
    for name in ("conv_in", "res0", "att0", "mid", "up1"):
        found[name] = found[name].unflatten(0, (2, 16)).transpose(1, 2)
    return found


@pytest.fixture(scope="module")
def condition() -> Condition:
    return Condition(
        mask=transition_mask(16, (8, 8), torch.device("cpu")),
        latents=array("rv_se_ml", (1, 4, 16, 8, 8)),
        text=array("rv_se_cc", (2, 13, 48)),
    )


def start() -> Tensor:
    return array("rv_se_z", (1, 4, 16, 8, 8))


def step_noise(step: int) -> Tensor:
    return array(f"rv_se_noise{step}", (1, 4, 16, 8, 8))


def test_names_and_shapes_of_the_full_size_are_complete_in_both_directions():
    with torch.device("meta"):
        network = SeineUNet(**config_from_original(PUBLISHED))
    assert len(NAMES) == 830
    assert converted_shapes(KEY_MAP, NAMES) == state_shapes(network)
    assert sum(parameter.numel() for parameter in network.parameters()) + 16 == 909_138_516


def test_an_untouched_constructor_builds_the_published_network():
    with torch.device("meta"):
        assert state_shapes(SeineUNet()) == converted_shapes(KEY_MAP, NAMES)


def test_of_the_published_tensors_only_the_rotary_constants_are_left_out():
    moves, unused = KEY_MAP.plan(NAMES)
    assert len(moves) == 814
    assert len(unused) == 16
    assert all(name.endswith("attn_temp.rotary_emb.freqs") for name in unused)


def test_every_pattern_of_the_signature_is_in_the_published_file():
    for pattern in SIGNATURE:
        assert any(re.fullmatch(pattern, name) for name in NAMES)


def test_the_prediction_is_the_published_one(states):
    assert_near(states["out"][:, :, ::3], RECORDED["out"], OUT_TOLERANCE)


def test_the_embedded_timestep_is_the_published_one(states):
    assert_near(states["temb"], RECORDED["temb"], map_tolerance(RECORDED["temb"]))


@pytest.mark.parametrize("part", ["conv_in", "res0", "att0", "up1"])
def test_hidden_states_are_the_published_ones(states, part):
    found = states[part][:, ::16, ::3, ::2, ::2]
    assert_near(found, RECORDED[part], map_tolerance(RECORDED[part]))


def test_the_middle_is_the_published_one(states):
    assert_near(states["mid"][:, ::16, ::3], RECORDED["mid"], map_tolerance(RECORDED["mid"]))


def test_attention_along_time_is_the_published_one(network, states):
    by_pixel = states["temp0"].transpose(1, 2).flatten(0, 1)
    assert_near(by_pixel[::7, :, ::8], RECORDED["temp0"], 1e-4)
    attention = network.down_blocks[1].attentions[0].attn_temp
    alone = attention(array("rv_se_ta", (3, 16, 96)).unsqueeze(2)).squeeze(2)
    assert_near(alone[:, :, ::4], RECORDED["attn_temp"], 1e-4)


def test_the_bias_by_distance_is_the_published_one(network):
    attention = network.down_blocks[1].attentions[0].attn_temp
    assert_near(attention.bias(16), RECORDED["relbias"], 1e-6)


@pytest.mark.parametrize("steps", [250, 50, 5])
def test_the_timesteps_of_a_run_are_the_published_ones(steps):
    schedule = RespacedSchedule.for_steps(steps)
    np.testing.assert_array_equal(schedule.timesteps, RECORDED[f"d{steps}_timestep_map"])


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("steps", [250, 50, 5])
def test_the_tables_of_a_run_are_the_published_ones(steps, table):
    found = getattr(RespacedSchedule.for_steps(steps), TABLES[table])
    wanted = RECORDED[f"d{steps}_{table}"]
    np.testing.assert_allclose(found, wanted, rtol=TABLE_TOLERANCE, atol=0)


def test_the_guided_prediction_is_the_published_one(network, condition):
    guided = predict_noise(network, start(), 999, condition, guidance_scale=8.0)
    wanted = RECORDED["cfg_eps"]
    assert_near(guided[:, :, ::3], wanted, RUN_TOLERANCE * float(wanted.std()))


def test_the_first_step_is_the_published_one(network, condition):
    guided = predict_noise(network, start(), 999, condition, guidance_scale=8.0)
    schedule = RespacedSchedule.for_steps(5)
    found = schedule.ddpm_step(4, start(), guided, step_noise(0))
    wanted = RECORDED["ddpm_step1"]
    assert_near(found[:, :, ::3], wanted, RUN_TOLERANCE * float(wanted.std()))


@pytest.mark.parametrize("sampler", Sampler)
def test_whole_runs_end_where_the_published_ones_end(network, condition, sampler):
    found = sample_latents(
        network,
        start(),
        condition,
        schedule=RespacedSchedule.for_steps(5),
        sampler=sampler,
        guidance_scale=8.0,
        fresh_noise=step_noise,
    )
    wanted = RECORDED[sampler.value]
    assert_near(found[:, :, ::3], wanted, RUN_TOLERANCE * float(wanted.std()))
