"""What clips to compose."""

from dataclasses import dataclass

from toontween.errors import InputError


@dataclass(frozen=True, kw_only=True, slots=True)
class ComposeSettings:
    """What to make.

    Raises:
        InputError: A value is out of range.
    """

    clips: int | None = None
    """How many; None for all there are, when they are taken plainly."""

    frames: int = 16
    """Distinct drawings of each."""

    size: tuple[int, int] = (256, 160)
    """Width and height, pixels."""

    seed: int = 1
    """Another number gives other clips."""

    split: str = "train"
    """Which clips of the material are used; no others are touched."""

    plain: bool = False
    """Take the windows that `eval_windows.json` lists, one a clip, over white or a scene, and compose nothing."""

    workers: int = 1
    """Processes."""

    def __post_init__(self) -> None:
        if self.clips is None and not self.plain:
            raise InputError("the number of clips is not given", hint="for example --clips 1000")
        for name, value, least in (
            ("clips", 1 if self.clips is None else self.clips, 1),
            ("frames", self.frames, 2),
            ("width", self.size[0], 16),
            ("height", self.size[1], 16),
            ("seed", self.seed, 0),
            ("workers", self.workers, 1),
        ):
            if value < least:
                raise InputError(f"{name} is {value}, less than {least}")
