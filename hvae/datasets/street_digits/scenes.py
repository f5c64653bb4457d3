"""Procedural photographs of house numbers: choose the contents of a picture at random, then paint it.

Everything is a function of the seed. Only uniform random numbers of NumPy's legacy generator and elementwise
float32 arithmetic are used, which give the same pictures in every version and on every processor.

A pixel is mapped back into the plane of the number. There the digits stand in a row, whose height is the unit
of length, with the labelled digit around the origin. Each digit has its own part of the row, so none covers
another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hvae.datasets.images import SIDE
from hvae.datasets.street_digits.glyphs import CELLS, EXTENT, FACES, Glyphs

ROW = 5
"""Digits in a row, the labelled one in the middle; those beside it may be missing."""
MIDDLE = ROW // 2

# (digits, ground) as they come on house fronts: paint, enamel, brass, steel, stone, wood, brick.
PALETTE = np.array(
    [
        [(20, 20, 22), (236, 234, 228)],
        [(238, 238, 236), (24, 58, 130)],
        [(236, 236, 230), (22, 88, 60)],
        [(30, 40, 78), (232, 222, 196)],
        [(206, 168, 84), (58, 40, 28)],
        [(214, 182, 104), (28, 28, 30)],
        [(234, 230, 222), (122, 58, 44)],
        [(40, 34, 30), (190, 164, 128)],
        [(232, 234, 236), (72, 78, 86)],
        [(56, 58, 62), (176, 178, 180)],
        [(150, 30, 34), (238, 232, 222)],
        [(240, 240, 238), (150, 34, 36)],
        [(24, 24, 24), (222, 186, 60)],
        [(84, 54, 34), (214, 202, 182)],
        [(208, 212, 214), (64, 92, 104)],
        [(70, 84, 70), (204, 206, 190)],
    ],
    np.float32,
) / np.float32(255)

# Of a plate's surroundings.
WALLS = np.array(
    [(158, 84, 66), (188, 178, 160), (120, 116, 110), (206, 200, 190), (96, 72, 54), (88, 98, 104)],
    np.float32,
) / np.float32(255)


@dataclass(frozen=True, eq=False)
class Scenes:
    """The contents of N pictures. Colours are in [0, 1]; lengths are in pixels unless another unit is given.

    face, digits (N, ROW), present (N, ROW): the typeface, the digits, and which of them are shown.
    gap: between digits, in heights of a digit.
    height, aspect, angle, slant, tilt (N, 2), shift (N, 2): from the row's plane to the picture; angle in
    radians, tilt is the perspective's share per pixel.
    weight, softness: the extra width of strokes, and the width of their edges.
    ink, ground, wall (N, 3): colours. plate: how far the ground reaches beyond the digits, in heights of a
    digit; infinite if all is ground.
    outline, shadow (N, 3): the width of a rim of the wall's colour; a shadow's place and its depth.
    light (N, 3): a gradient's direction, and how the ink takes part in it.
    texture (N, 4, 4), boards (N, 2): blotches; depth and width of joints between boards or bricks.
    blur: standard deviation. exposure (N, 2): offset and contrast. noise: of the sensor; noise_seed.
    """

    face: np.ndarray
    digits: np.ndarray
    present: np.ndarray
    gap: np.ndarray
    height: np.ndarray
    aspect: np.ndarray
    angle: np.ndarray
    slant: np.ndarray
    tilt: np.ndarray
    shift: np.ndarray
    weight: np.ndarray
    softness: np.ndarray
    ink: np.ndarray
    ground: np.ndarray
    wall: np.ndarray
    plate: np.ndarray
    outline: np.ndarray
    shadow: np.ndarray
    light: np.ndarray
    texture: np.ndarray
    boards: np.ndarray
    blur: np.ndarray
    exposure: np.ndarray
    noise: np.ndarray
    noise_seed: int

    @property
    def labels(self) -> np.ndarray:
        """The digits in the middle, (N,)."""
        return self.digits[:, MIDDLE]


def draw_scenes(n: int, *seed: int) -> Scenes:
    """Return N random scenes. Each digit is the label equally often, up to one."""
    random = np.random.RandomState(list(seed))

    def uniform(low: float, high: float, *shape: int) -> np.ndarray:
        return random.uniform(low, high, (n, *shape)).astype(np.float32)

    def rarely(share: float) -> np.ndarray:
        return uniform(0, 1) < share

    digits = random.randint(0, 10, (n, ROW))
    digits[:, MIDDLE] = random.permutation(np.arange(n) % 10)
    # A number of one to four digits, and which of them is the labelled one.
    length = 1 + (uniform(0, 1)[:, None] > np.array([0.12, 0.45, 0.8])).sum(axis=1)
    place = np.floor(uniform(0, 1) * length)[:, None]
    offset = np.arange(ROW) - MIDDLE
    present = (place + offset >= 0) & (place + offset < length[:, None])

    colours = PALETTE[random.randint(0, len(PALETTE), n)] + uniform(-0.09, 0.09, 2, 3)
    colours += uniform(-0.06, 0.06, 2)[..., None]
    walls = WALLS[random.randint(0, len(WALLS), n)] + uniform(-0.12, 0.12)[:, None] + uniform(-0.05, 0.05, 3)
    turned = np.where(rarely(0.15), 0.42, 0.16)
    has_plate, has_outline, has_shadow = rarely(0.5), rarely(0.15), rarely(0.45)
    return Scenes(
        face=random.randint(0, len(FACES), n),
        digits=digits,
        present=present,
        gap=uniform(0.06, 0.32),
        height=uniform(17, 28),
        aspect=uniform(0.82, 1.2),
        angle=(uniform(-1, 1) * turned).astype(np.float32),
        slant=uniform(-0.15, 0.15),
        tilt=uniform(-0.007, 0.007, 2),
        shift=uniform(-2, 2, 2),
        weight=uniform(-0.3, 0.9),
        softness=uniform(0.8, 1.8),
        ink=colours[:, 0],
        ground=colours[:, 1],
        wall=walls,
        plate=np.where(has_plate, uniform(0.08, 0.35), np.float32(np.inf)),
        outline=np.where(has_outline, uniform(0.8, 1.8), np.float32(0)),
        shadow=np.stack(
            [uniform(-2, 2), uniform(0.4, 2.2), np.where(has_shadow, uniform(0.2, 0.6), np.float32(0))], 1
        ),
        light=np.concatenate([uniform(-0.22, 0.22, 2), uniform(0.2, 1.2, 1)], 1),
        texture=uniform(-1, 1, 4, 4) * uniform(0, 0.09)[:, None, None],
        boards=np.stack([np.where(rarely(0.3), uniform(0.08, 0.3), np.float32(0)), uniform(0.3, 0.9)], 1),
        blur=uniform(0.2, 1.15),
        exposure=np.stack([uniform(-0.1, 0.08), uniform(0.65, 1.05)], 1),
        noise=uniform(0.0, 0.035),
        noise_seed=int(random.randint(2**31)),
    )


def paint(scenes: Scenes, glyphs: Glyphs) -> np.ndarray:
    """Return the pictures, uint8 (N, 3, SIDE, SIDE)."""
    x, y = pixels(scenes)
    u, v = number_plane(scenes, x, y)
    distance = ink_distance(scenes, glyphs, u, v)
    column = each(scenes.softness)
    ink = coverage(distance, each(scenes.weight), column)
    rim = coverage(distance, each(scenes.weight + scenes.outline), column) * (each(scenes.outline) > 0)
    shadow_x, shadow_y, depth = (each(part) for part in scenes.shadow.T)
    cast = ink_distance(scenes, glyphs, *number_plane(scenes, x - shadow_x, y - shadow_y))
    shadow = depth * coverage(cast, each(scenes.weight), 1.5 * column)
    on_plate = coverage(plate_distance(scenes, glyphs, u, v), 0, column)

    light = (each(scenes.light[:, 0]) * x + each(scenes.light[:, 1]) * y) / SIDE
    surface = blotches(scenes.texture) - joints(scenes, u, v) * (1 - on_plate * (each(scenes.plate) < np.inf))
    channels = []
    for channel in range(3):
        ground, wall, colour = (each(part[:, channel]) for part in (scenes.ground, scenes.wall, scenes.ink))
        picture = (wall + (ground - wall) * on_plate) * (1 + light) + surface
        picture = picture * (1 - shadow)
        picture += rim * (wall - picture)
        picture += ink * (colour * (1 + each(scenes.light[:, 2]) * light) - picture)
        channels.append(picture.reshape(-1, SIDE, SIDE))
    pictures = blurred(np.stack(channels, axis=1), scenes.blur)
    offset, contrast = (part.reshape(-1, 1, 1, 1) for part in scenes.exposure.T)
    pictures = 0.5 + offset + contrast * (pictures - 0.5) + sensor_noise(scenes)
    return np.rint(np.clip(pictures, 0, 1) * 255).astype(np.uint8)


def each(values: np.ndarray) -> np.ndarray:
    """Return one value per picture, as a column beside its pixels: (N,) → (N, 1)."""
    return values.reshape(-1, 1)


def pixels(scenes: Scenes) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of every pixel, relative to the middle of the labelled digit: (N, SIDE²) each."""
    line = np.arange(SIDE, dtype=np.float32) - np.float32((SIDE - 1) / 2)
    y, x = (part.reshape(1, -1) for part in np.meshgrid(line, line, indexing="ij"))
    return x - each(scenes.shift[:, 0]), y - each(scenes.shift[:, 1])


def number_plane(scenes: Scenes, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of pixels in the plane of the number, in heights of a digit.

    Along the row, and down.
    """
    far = 1 + each(scenes.tilt[:, 0]) * x + each(scenes.tilt[:, 1]) * y
    x, y = x / far, y / far
    cos, sin = each(np.cos(scenes.angle)), each(np.sin(scenes.angle))
    v = (cos * y - sin * x) / each(scenes.height)
    u = (cos * x + sin * y) / each(scenes.height * scenes.aspect) + each(scenes.slant) * v
    return u, v


def row_layout(scenes: Scenes, glyphs: Glyphs) -> tuple[np.ndarray, np.ndarray]:
    """Return the digits' middles and half widths along the row, (N, ROW) each, `gap` between their ink."""
    half = glyphs.widths[scenes.face[:, None], scenes.digits] / 2
    steps = half[:, 1:] + half[:, :-1] + each(scenes.gap)
    middles = np.concatenate([np.zeros_like(half[:, :1]), np.cumsum(steps, axis=1)], axis=1)
    return middles - middles[:, MIDDLE : MIDDLE + 1], half


def ink_distance(scenes: Scenes, glyphs: Glyphs, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return the distance to the edge of the nearest digit, pixels, positive in its ink; (N, SIDE²)."""
    middles, half = row_layout(scenes, glyphs)
    borders = (middles[:, 1:] - half[:, 1:] + middles[:, :-1] + half[:, :-1]) / 2
    which = np.zeros(u.shape, np.int64)
    for border in borders.T:
        which += u > each(border)
    rows = np.arange(len(u))[:, None]
    u = u - middles[rows, which]
    field = each(scenes.face) * 10 + scenes.digits[rows, which]
    found = bilinear(glyphs.distances, field, v, u)
    return np.where(scenes.present[rows, which], found, np.float32(-1)) * each(scenes.height)


def bilinear(fields: np.ndarray, field: np.ndarray, v: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Return values of distance fields, interpolated between cells; beyond the last cell, its value."""
    flat = fields.reshape(-1)
    at = [np.clip((w / np.float32(EXTENT) + np.float32(0.5)) * CELLS - 0.5, 0, CELLS - 1.001) for w in (v, u)]
    (row, column), (down, right) = zip(*((part.astype(np.int64), part % 1) for part in at), strict=True)
    first = (field * CELLS + row) * CELLS + column
    above = flat[first] * (1 - right) + flat[first + 1] * right
    below = flat[first + CELLS] * (1 - right) + flat[first + CELLS + 1] * right
    return above * (1 - down) + below * down


def plate_distance(scenes: Scenes, glyphs: Glyphs, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return the distance to the edge of the number's plate, pixels, positive on the plate."""
    middles, half = row_layout(scenes, glyphs)
    left = np.where(scenes.present, middles - half, np.inf).min(axis=1) - scenes.plate
    right = np.where(scenes.present, middles + half, -np.inf).max(axis=1) + scenes.plate
    sides = np.minimum(u - each(left), each(right) - u)
    return np.minimum(sides, 0.5 + each(scenes.plate) - np.abs(v)) * each(scenes.height)


def coverage(distance: np.ndarray, weight: np.ndarray | float, softness: np.ndarray) -> np.ndarray:
    """Return the share of a pixel, in [0, 1], that a shape covers; `weight` pixels are added to its edge."""
    return np.clip(0.5 + (distance + weight) / softness, 0, 1).astype(np.float32)


def joints(scenes: Scenes, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return how much darker the joints between the wall's boards are."""
    depth, width = (each(part) for part in scenes.boards.T)
    across = np.abs((v / width + each(scenes.gap) * 10) % 1 - 0.5)
    return depth * np.clip(1 - across * 10 * width, 0, 1)


def blotches(texture: np.ndarray) -> np.ndarray:
    """Return grids of (4, 4) values, smoothly enlarged to pictures: (N, SIDE²)."""
    at = np.linspace(0, 3, SIDE, dtype=np.float32)
    cell = np.minimum(at.astype(int), 2)
    share = at - cell
    rows = texture[:, cell] * (1 - share[:, None]) + texture[:, cell + 1] * share[:, None]
    return (rows[:, :, cell] * (1 - share) + rows[:, :, cell + 1] * share).reshape(len(texture), -1)


def blurred(pictures: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Return pictures (N, 3, SIDE, SIDE) after a Gaussian of 5 × 5 pixels, each with its own deviation."""
    squares = np.array([4, 1, 0, 1, 4], np.float32)
    weights = np.exp(-squares / (2 * each(deviation) ** 2))
    weights /= weights.sum(axis=1, keepdims=True)
    for axis in (2, 3):
        padding = [(0, 0)] * 4
        padding[axis] = (2, 2)
        padded = np.pad(pictures, padding, mode="edge")
        pictures = sum(
            weights[:, tap].reshape(-1, 1, 1, 1) * padded.take(range(tap, tap + SIDE), axis=axis)
            for tap in range(5)
        )
    return pictures


def sensor_noise(scenes: Scenes) -> np.ndarray:
    """Return the noise of every pixel and channel, (N, 3, SIDE, SIDE).

    Sums of uniform numbers, nearly normal.
    """
    random = np.random.RandomState(scenes.noise_seed)
    shape = (len(scenes.noise), 3, SIDE, SIDE)
    total = sum(random.randint(-128, 128, shape, np.int16) for _ in range(3))
    # Three uniform numbers on ±128 have a standard deviation of 128.
    return total.astype(np.float32) / 128 * scenes.noise.reshape(-1, 1, 1, 1)
