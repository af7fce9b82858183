"""One composed clip: a cast from the cache, a random plan, its pictures, and whose drawings they are made of."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float64, UInt8

from toontween.data.clips import Clip
from toontween.data.composition.compositing import compose
from toontween.data.composition.material import FPS, article
from toontween.data.composition.scenes import (
    Actor,
    ScenePlan,
    Slot,
    plan_actor,
    plan_backdrop,
    plan_camera,
    plan_close_up,
    plan_timing,
)
from toontween.data.composition.settings import ComposeSettings
from toontween.data.composition.sprites import Scene, Sprite, read_scenes, read_sprites
from toontween.data.composition.windows import Demands, Window, find_window, suits
from toontween.errors import MediaError

_ATTEMPTS = 200
_CLEARLY = 24
_LEAST_CHANGED = 0.025
_NUM_ACTORS = (0.35, 0.35, 0.2, 0.1)
_EVEN = 0.3
"""0 draws leads evenly from all clips, 1 evenly from all origins, of which one has most clips."""


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """What clips can be made of."""

    sprites: list[Sprite]
    """Figures that move smoothly enough."""

    scenes: list[Scene]
    """Backgrounds."""

    chances: Float64[np.ndarray, " n"]
    """How often each figure is the lead."""

    extras: list[int]
    """Numbers of the figures that may stand anywhere, for no side of theirs is cut off by the frame."""


@lru_cache(maxsize=2)
def open_cache(cache: Path, split: str) -> Cast:
    """What a cache offers of a split; read once by each process.

    Raises:
        MediaError: Nothing in the cache suits.
    """
    demands = Demands()
    sprites = [sprite for sprite in read_sprites(cache, split) if suits(sprite, demands)]
    if not sprites:
        raise MediaError(f"no clip of split {split!r} in {cache} moves smoothly enough")
    origins = [sprite.about["part"].get("origin", "") for sprite in sprites]
    chances = np.array([origins.count(origin) ** -_EVEN for origin in origins])
    extras = [n for n, sprite in enumerate(sprites) if not set("lr") & set(sprite.about["cut"])]
    return Cast(sprites, read_scenes(cache), chances / chances.sum(), extras)


def compose_clip(cache: Path, number: int, settings: ComposeSettings) -> Clip:
    """Clip `number`: a function of the number, the settings and what the cache holds, and of nothing else.

    Raises:
        MediaError: Nothing in the cache suits.
    """
    cast = open_cache(cache, settings.split)
    for attempt in range(_ATTEMPTS):
        rng = np.random.default_rng((settings.seed, number, attempt))
        plan = plan_scene(rng, cast, settings)
        if plan is None:
            continue
        frames, alpha = compose(plan, cast.sprites, cast.scenes, settings.size)
        changed = share_changed(frames)
        if changed < _LEAST_CHANGED:
            continue
        exposures = plan.timing.exposures
        about = {
            "seed": settings.seed,
            "number": number,
            "split": settings.split,
            "on": plan.on,
            "speed": plan.timing.step,
            "mirrored": plan.mirrored,
            "backwards": plan.backwards,
            "changed": round(changed, 4),
            "parts": _parts(plan, cast),
        }
        return Clip(
            key=f"{settings.split}-{settings.seed}-{number:06d}",
            frames=frames,
            alpha=alpha,
            fps=float(FPS),
            exposures=exposures[::-1] if plan.backwards else exposures,
            caption=_caption(plan, cast),
            about=about,
        )
    raise MediaError(
        f"no scene with enough motion was found for clip {number}",
        hint=f"{cache} holds {len(cast.sprites)} suitable clips; fewer --frames may help",
    )


def plan_scene(rng: np.random.Generator, cast: Cast, settings: ComposeSettings) -> ScenePlan | None:
    """A random plan; None when the figure that was drawn lots for has no good window."""
    on, step = plan_timing(rng)
    lead = int(rng.choice(len(cast.sprites), p=cast.chances))
    window = find_window(rng, cast.sprites[lead], num_drawings=settings.frames, on=on, step=step)
    if window is None:
        return None
    num_actors = 1 + int(rng.choice(len(_NUM_ACTORS), p=_NUM_ACTORS)) if cast.extras else 1
    slots = rng.permutation((np.arange(num_actors) + 0.5) / num_actors)
    actors: list[Actor] = []
    for slot in slots:
        number = int(rng.choice(cast.extras)) if actors else lead
        sprite = cast.sprites[number]
        start = int(rng.integers(len(sprite)))
        theirs = Window(start=start, step=1, times=window.times, exposures=window.exposures)
        shape = sprite.size[0] / sprite.size[1] * settings.size[1] / settings.size[0]
        cut = sprite.about["cut"]
        if set("lr") & set(cut):
            actors.append(plan_close_up(rng, number, window, shape=shape))
            continue
        given = Slot(x=float(slot), shape=shape, is_lead=not actors, is_cut="b" in cut)
        actors.append(plan_actor(rng, number, theirs if actors else window, given))
    order = sorted(range(num_actors), key=lambda index: actors[index].depth)
    return ScenePlan(
        actors=tuple(actors[index] for index in order),
        lead=order.index(0),
        backdrop=plan_backdrop(rng, len(cast.scenes)),
        camera=plan_camera(rng),
        on=on,
        mirrored=bool(rng.random() < 0.5),
        backwards=bool(rng.random() < 0.3),
    )


def share_changed(frames: UInt8[np.ndarray, "t h w 3"]) -> float:
    """Share of the picture that clearly differs between the first and the last frame."""
    apart = np.abs(frames[0].astype(np.int16) - frames[-1]).max(axis=-1)
    return float((apart > _CLEARLY).mean())


def _parts(plan: ScenePlan, cast: Cast) -> list[dict[str, str]]:
    """Whose drawings a clip is made of, each once, lead first."""
    parts = [sprite.about["part"] for sprite in _shown(plan, cast)]
    if plan.backdrop.scene is not None:
        parts.append(cast.scenes[plan.backdrop.scene].about["part"])
    return parts


def _caption(plan: ScenePlan, cast: Cast) -> str:
    """Who is to be seen, lead first, and before what."""
    names = list(dict.fromkeys(sprite.about["caption"] for sprite in _shown(plan, cast)))
    text = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    if plan.backdrop.scene is None:
        return text
    place = cast.scenes[plan.backdrop.scene].about["caption"]
    if not place:
        return text
    return f"{text}, in front of {place if place.endswith('s') else f'{article(place)} {place}'}"


def _shown(plan: ScenePlan, cast: Cast) -> list[Sprite]:
    """The figures of a plan, each once, lead first."""
    numbers = [plan.actors[plan.lead].sprite, *(actor.sprite for actor in plan.actors)]
    return [cast.sprites[number] for number in dict.fromkeys(numbers)]
