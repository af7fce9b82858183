"""Published files are opened without running anything, and converted whole or not at all."""

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from tests.unit.checkpoints.by_rule import TINY, published_layout
from toontween.checkpoints.convert import (
    SCHEDULE_BUFFERS,
    convert_state_dict,
    open_checkpoint,
    require_safe_torch,
    schedule_notes,
)
from toontween.checkpoints.maps.component import empty_module
from toontween.diffusion.samplers import ToonDDIMScheduler
from toontween.errors import CheckpointError


class Hostile:
    """Unpickling it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


WEIGHTS = {"a.weight": torch.arange(6.0).view(2, 3), "b": torch.tensor(2.0)}


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_a_hostile_checkpoint_is_refused_and_runs_nothing(tmp_path, zipped):
    path, made = tmp_path / "model.ckpt", tmp_path / "owned"
    content = {"state_dict": WEIGHTS, "callbacks": Hostile(made)}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(CheckpointError, match=r"refused: reading it would call (posix|nt)\.mkdir"):
        open_checkpoint(path)
    assert not made.exists()
    torch.load(path, weights_only=False)
    assert made.exists(), "the file of this test is harmless, so the test shows nothing"


def test_names_made_up_while_reading_are_refused(tmp_path):
    path = tmp_path / "model.ckpt"
    torch.save(WEIGHTS, path, pickle_protocol=4)
    with pytest.raises(CheckpointError, match="refused: reading it would call a name that is made"):
        open_checkpoint(path)


def test_allowed_names_in_the_wrong_place_do_not_escape_as_other_errors(tmp_path):
    path = tmp_path / "model.ckpt"
    torch.save({"a": torch.Size([2])}, path)
    assert dict(open_checkpoint(path)) == {}
    torch.save([torch.ones(2)], path)
    with pytest.raises(CheckpointError, match="holds a list, not named tensors"):
        open_checkpoint(path)


def test_a_spoilt_index_is_called_damage(tmp_path):
    path = tmp_path / "model.ckpt"
    torch.save(WEIGHTS, path)
    content = path.read_bytes()
    start = content.index(b"\x80\x02}")
    path.write_bytes(content[: start + 2] + b"\xff\xfe\xfd" + content[start + 5 :])
    with pytest.raises(CheckpointError, match="damaged"):
        open_checkpoint(path)


@pytest.mark.parametrize("version", ["2.9.1", "2.5.0+cu124", "1.13", "2.0.0a0+git"])
def test_a_torch_with_known_holes_is_refused(version):
    with pytest.raises(CheckpointError, match="cannot read torch files safely"):
        require_safe_torch(version)


@pytest.mark.parametrize("version", ["2.10.0", "2.13.0+cpu", "3.0"])
def test_a_mended_torch_is_accepted(version):
    require_safe_torch(version)


@pytest.mark.parametrize(
    "content",
    [
        WEIGHTS,
        {"state_dict": WEIGHTS, "epoch": 3},
        {"state_dict": {f"module.{name}": value for name, value in WEIGHTS.items()}},
        {"module": {f"_forward_module.{name}": value for name, value in WEIGHTS.items()}},
    ],
    ids=["bare", "lightning", "data-parallel", "deepspeed"],
)
def test_what_training_frameworks_wrap_around_weights_is_taken_off(tmp_path, content):
    path = tmp_path / "model.ckpt"
    torch.save(content, path)
    opened = open_checkpoint(path)
    assert list(opened) == list(WEIGHTS)
    assert torch.equal(opened["a.weight"], WEIGHTS["a.weight"])


def test_what_is_no_weight_is_set_aside_by_name(tmp_path):
    path = tmp_path / "model.ckpt"
    torch.save({"state_dict": WEIGHTS | {"version": 2}, "epoch": 3, "lr_schedulers": []}, path)
    opened = open_checkpoint(path)
    assert set(opened.set_aside) == {"epoch", "lr_schedulers", "version"}
    assert len(opened) == 2


def test_a_bare_tensor_called_module_is_a_weight(tmp_path):
    path = tmp_path / "model.ckpt"
    torch.save({"module": torch.ones(1)}, path)
    assert list(open_checkpoint(path)) == ["module"]


def test_legacy_files_are_read_up_to_a_limit(tmp_path, monkeypatch):
    path = tmp_path / "netG.pth"
    torch.save(WEIGHTS, path, _use_new_zipfile_serialization=False)
    assert torch.equal(open_checkpoint(path)["b"], WEIGHTS["b"])
    monkeypatch.setattr("toontween.checkpoints.convert._MAX_LEGACY_BYTES", 100)
    with pytest.raises(CheckpointError, match="cannot be read in pieces"):
        open_checkpoint(path)


def test_legacy_files_cut_short_are_called_damaged(tmp_path):
    path = tmp_path / "netG.pth"
    torch.save(WEIGHTS, path, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CheckpointError, match="damaged"):
        open_checkpoint(path)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(CheckpointError, match="damaged"):
        open_checkpoint(path)


def test_safetensors_are_read(tmp_path):
    path = tmp_path / "model.safetensors"
    save_file(WEIGHTS, path)
    opened = open_checkpoint(path)
    assert {name: tensor.tolist() for name, tensor in opened.items()} == {
        name: tensor.tolist() for name, tensor in WEIGHTS.items()
    }


def test_the_published_file_converts_name_by_name_at_its_own_size():
    layout = published_layout() | dict.fromkeys(SCHEDULE_BUFFERS, torch.zeros(1000))
    layout |= {name: getattr(ToonDDIMScheduler(), name) for name in ("betas", "alphas_cumprod")}
    layout["scale_arr"] = torch.cat([ToonDDIMScheduler().scales, torch.full((400,), 0.7)])
    converted = convert_state_dict(layout)
    assert converted.notes == []
    assert list(converted.components) == [
        "unet",
        "vae",
        "text_encoder",
        "image_encoder",
        "image_projector",
    ]
    numbers = sum(tensor.numel() for tensor in layout.values())
    used = sum(t.numel() for c in converted.components.values() for t in c.tensors.values())
    assert numbers == 2_625_430_449
    assert numbers - used == sum(layout[name].numel() for name in converted.unused)
    assert set(SCHEDULE_BUFFERS) < set(converted.unused)


def test_every_tensor_reaches_its_network(tiny_tensors):
    for component in convert_state_dict(tiny_tensors, TINY).components.values():
        expected = empty_module(component).state_dict()
        assert {n: t.shape for n, t in component.tensors.items()} == {
            n: t.shape for n, t in expected.items()
        }


def test_nothing_is_copied(tiny_tensors):
    converted = convert_state_dict(tiny_tensors, TINY)
    source = tiny_tensors["cond_stage_model.model.transformer.resblocks.0.attn.in_proj_weight"]
    part = converted.components["text_encoder"].tensors["encoder.layers.0.self_attn.k_proj.weight"]
    assert part.untyped_storage().data_ptr() == source.untyped_storage().data_ptr()


def test_the_256_models_name_of_the_motion_condition_is_understood(tiny_tensors):
    old = {
        name.replace(".fps_embedding.", ".framestride_embed."): tensor
        for name, tensor in tiny_tensors.items()
    }
    assert set(old) != set(tiny_tensors)
    renamed = convert_state_dict(old, TINY).components["unet"].tensors
    assert (
        renamed.keys() == convert_state_dict(tiny_tensors, TINY).components["unet"].tensors.keys()
    )
    with pytest.raises(CheckpointError, match="two tensors in it are"):
        convert_state_dict(old | tiny_tensors, TINY)


def test_dynamicrafters_plain_decoder_is_recognised(tiny_tensors):
    only_toon = ("time_stack", "mix_factor", "time_mix_conv", "attn_refinement")
    plain = {n: t for n, t in tiny_tensors.items() if not any(part in n for part in only_toon)}
    vae = convert_state_dict(plain, TINY).components["vae"]
    assert vae.config["decoder_variant"] == "no-har-no-p3d"
    assert set(vae.tensors) == set(empty_module(vae).state_dict())


def test_a_missing_tensor_is_named(tiny_tensors):
    name = "model.diffusion_model.out.2.bias"
    with pytest.raises(CheckpointError, match="the UNet lacks 1 tensors: "):
        convert_state_dict({n: t for n, t in tiny_tensors.items() if n != name}, TINY)


def test_an_unknown_tensor_is_named(tiny_tensors):
    with pytest.raises(CheckpointError, match=r"1 tensors are not part of .* UNet: extra\.bias"):
        convert_state_dict(tiny_tensors | {"model.diffusion_model.extra.bias": torch.ones(1)}, TINY)
    with pytest.raises(CheckpointError, match=r"1 tensors belong to no part .*: model_ema\.decay"):
        convert_state_dict(tiny_tensors | {"model_ema.decay": torch.ones(1)}, TINY)


def test_another_size_than_the_configuration_says_is_named(tiny_tensors):
    with pytest.raises(CheckpointError, match="of the UNet has shape") as caught:
        convert_state_dict(tiny_tensors)
    assert "--config" in str(caught.value.hint)


def test_a_configuration_without_a_section_is_refused(tiny_tensors):
    with pytest.raises(CheckpointError, match="no section 'vae'"):
        convert_state_dict(tiny_tensors, {k: v for k, v in TINY.items() if k != "vae"})


def test_quantised_weights_are_refused(tiny_tensors):
    name = "model.diffusion_model.out.2.bias"
    with pytest.raises(CheckpointError, match=r"out\.2\.bias is torch\.int8"):
        convert_state_dict(tiny_tensors | {name: tiny_tensors[name].to(torch.int8)}, TINY)


def test_the_schedule_is_compared(caplog):
    right = ToonDDIMScheduler().alphas_cumprod
    assert schedule_notes({"alphas_cumprod": right}) == []
    assert schedule_notes({"alphas_cumprod": right.half()}) == []
    assert not caplog.records
    assert schedule_notes({"alphas_cumprod": right + 0.01}) == [
        "alphas_cumprod in the file is up to 0.01 away from the one computed"
    ]
    assert "the computed one is used" in caplog.text
    assert "inf away" in schedule_notes({"scale_arr": right[:10]})[0]


def test_the_schedule_in_the_file_is_listed_and_not_loaded(tiny_tensors):
    converted = convert_state_dict(tiny_tensors | {"alphas_cumprod": torch.ones(1000)}, TINY)
    assert "alphas_cumprod" in converted.unused
    assert len(converted.notes) == 1


def test_a_pickle_that_is_no_torch_file_is_refused(tmp_path):
    path = tmp_path / "model.ckpt"
    path.write_bytes(pickle.dumps({"state_dict": Hostile(tmp_path / "owned")}))
    with pytest.raises(CheckpointError, match="bare pickle"):
        open_checkpoint(path)
    assert not (tmp_path / "owned").exists()
