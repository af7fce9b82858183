"""Model names and paths → folders that `from_pretrained` reads."""

import json
from pathlib import Path

from toontween.checkpoints.bundled import bundled_folder
from toontween.checkpoints.hub import is_here, model_folder
from toontween.checkpoints.identify import Contents
from toontween.checkpoints.maps.rivals.table import RIVALS
from toontween.checkpoints.published.catalogue import MODELS
from toontween.errors import CheckpointError, UnavailableError, UnknownNameError
from toontween.registry import Registry
from toontween.runtime import Settings, read_settings

_INDEX = {
    Contents.MODEL: ("model_index.json", "ToonInterpolationPipeline"),
    Contents.SKETCH_ENCODER: ("config.json", "ControlNetModel"),
    Contents.LINE_EXTRACTOR: ("config.json", "LineExtractor"),
    **{
        Contents(name): ("config.json", rival.component.class_path.partition(":")[2])
        for name, rival in RIVALS.items()
    },
}
_WEIGHTS_SUFFIXES = {".ckpt", ".pth", ".pt", ".bin", ".safetensors"}


def resolve_model(
    name_or_path: str | Path,
    *,
    contents: Contents = Contents.MODEL,
    settings: Settings | None = None,
) -> Path:
    """The folder of a model given by name or path; nothing is downloaded.

    Args:
        name_or_path: One of `hub.MODELS`, what comes with the package (`mini`, `mini/vae`), or a folder made by `toontween weights convert` or `save_pretrained`.
        contents: What it has to be.
        settings: Where weights are kept; the environment's when None.

    Raises:
        UnavailableError: The weights are not on this machine; the hint says how to get them.
        UnknownNameError: It is neither a known name nor a folder.
        CheckpointError: It is a folder or file of another kind.
    """
    path = _find_folder(name_or_path, settings)
    if contents is Contents.AS_IT_IS:
        return path
    index, wanted = _INDEX[contents]
    _check_folder(path, index, wanted, kind=contents.value.replace("_", " "))
    return path


def resolve_network(
    name_or_path: str | Path, class_name: str, *, settings: Settings | None = None
) -> Path:
    """The folder of one network given by name or path; nothing is downloaded.

    Args:
        name_or_path: One of `hub.MODELS`, what comes with the package (`mini`, `mini/vae`), or a folder made by `toontween weights convert` or `save_pretrained`.
        class_name: The network's class, which the folder's `config.json` must name.
        settings: Where weights are kept; the environment's when None.

    Raises:
        UnavailableError, UnknownNameError, CheckpointError: As for `resolve_model`.
    """
    path = _find_folder(name_or_path, settings)
    _check_folder(path, "config.json", class_name, kind=class_name)
    return path


def _find_folder(name_or_path: str | Path, settings: Settings | None) -> Path:
    name, path = str(name_or_path), Path(name_or_path)
    bundled = bundled_folder(name)
    if bundled is not None:
        return bundled
    if name in MODELS:
        return _folder_of(name, settings or read_settings())
    if path.is_file():
        raise _is_file(path)
    if not path.is_dir():
        raise _is_nothing(name)
    return path


def _folder_of(name: str, settings: Settings) -> Path:
    if not is_here(name, settings):
        raise UnavailableError(
            f"the weights {name!r} are not on this machine", hint=way_to_get(name)
        )
    return model_folder(name, settings)


def way_to_get(name: str) -> str:
    """What to do for weights that are known by name and not here."""
    model = MODELS[name]
    file = model.weights
    if file.repo is None and file.url is None:
        then = f"toontween weights pull {name} --file {file.file}"
        return f"fetch {file.file} from {file.page} ({file.licence or 'no licence named'}), then {then}"
    size = sum(one.about_bytes for one in (file, *model.others))
    told = f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"
    return f"toontween weights pull {name} (downloads {told})"


def _is_file(path: Path) -> CheckpointError:
    hint = "a model is a folder"
    if path.suffix.lower() in _WEIGHTS_SUFFIXES:
        hint = f"convert it first: toontween weights convert {path} --out FOLDER"
    return CheckpointError(f"{path} is a file, not a converted model", hint=hint)


def _is_nothing(name: str) -> UnknownNameError:
    try:
        Registry("model", dict.fromkeys(MODELS, ""))[name]
    except UnknownNameError as error:
        return UnknownNameError(f"there is no model and no folder {name!r}", hint=error.hint)
    raise AssertionError(name)


def _check_folder(path: Path, index: str, wanted: str, *, kind: str) -> None:
    try:
        values = json.loads((path / index).read_text(encoding="utf-8"))
        found = values.get("_class_name")
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{path} is not a {kind}: it has no {index}", hint="toontween weights list"
        ) from error
    except (ValueError, AttributeError, OSError) as error:
        raise CheckpointError(f"{path / index} is damaged") from error
    if found != wanted:
        what = wanted if kind == wanted else f"{kind} ({wanted})"
        raise CheckpointError(f"{path} holds a {found}, not a {what}")
