"""What a recorder, a lens and a bad day do to a picture: all faults the network must see through.

Pictures are uint8 RGB, shape (height, width, 3). Masks are uint8: 255 inside, `IGNORE` where nobody knows,
any other value outside (0, or a code of `data.structures`).
Every function takes its own random generator, so a sample depends on its seed and on nothing else.
"""

from __future__ import annotations

import cv2
import numpy as np

IGNORE = 128

# Brightness and two colour differences; rows are orthogonal, so the inverse is exact and cheap.
_TO_OPPONENT = np.array([[1 / 3, 1 / 3, 1 / 3], [0.5, -0.5, 0.0], [0.25, 0.25, -0.5]])
_FROM_OPPONENT = np.linalg.inv(_TO_OPPONENT)
_NOISE_SIDE = 1024
_noise_bank: dict[int, np.ndarray] = {}


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A factor between `low` and `high`, as likely to halve as to double."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def smooth_field(rng: np.random.Generator, size: int, cells: int) -> np.ndarray:
    """A smooth random field with about unit deviation."""
    small = rng.standard_normal((cells, cells)).astype(np.float32)
    return cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)


def soften(mask: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian blur that costs no more when it is wide."""
    if sigma < 3:
        return cv2.GaussianBlur(mask, (0, 0), max(sigma, 0.3))
    factor = 2 if sigma < 8 else 4
    height, width = mask.shape[:2]
    small = cv2.resize(mask, (width // factor, height // factor), interpolation=cv2.INTER_AREA)
    return cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma / factor), (width, height))


def white_noise(rng: np.random.Generator, size: int, channels: int = 3) -> np.ndarray:
    """Gaussian noise of unit deviation, cut from a bank that is drawn once."""
    bank = _noise_bank.get(channels)
    if bank is None:
        bank = np.random.default_rng(9).standard_normal((_NOISE_SIDE, _NOISE_SIDE, channels)).astype(np.float32)
        _noise_bank[channels] = bank
    y, x = rng.integers(0, _NOISE_SIDE - size, 2)
    noise = bank[y:y + size, x:x + size]
    return noise[::-1] if rng.random() < 0.5 else noise


def lit_statistics(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of the lit pixels in opponent colours, on a coarse grid."""
    coarse = image[::4, ::4].reshape(-1, 3).astype(np.float32)
    lit = coarse[coarse.max(1) > 24]
    if len(lit) < 50:
        lit = coarse
    values = lit @ _TO_OPPONENT.T
    return values.mean(0), values.std(0) + 1.0


def exchange_colour(
    image: np.ndarray, other: np.ndarray, strength: float, rng: np.random.Generator
) -> np.ndarray:
    """Gives `image` the colour statistics of `other`, wholly or in part; brightness is kept more than hue."""
    mean, deviation = lit_statistics(image)
    target_mean, target_deviation = lit_statistics(other)
    weight = np.array([strength * rng.uniform(0.2, 1.0), strength, strength])
    gain = np.clip((target_deviation / deviation) ** weight, 0.4, 2.5)
    new_mean = mean + (target_mean - mean) * weight
    matrix = _FROM_OPPONENT @ np.diag(gain) @ _TO_OPPONENT
    offset = _FROM_OPPONENT @ (new_mean - gain * mean)
    return cv2.transform(image, np.c_[matrix, offset])


def jitter_colour(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Hue, saturation, white balance, contrast and brightness as one linear map."""
    strength = rng.choice([0.3, 0.7, 1.0])
    angle = np.deg2rad(rng.normal(0, 11) * strength)
    saturation = log_uniform(rng, 0.4, 1.4) if rng.random() < 0.6 * strength + 0.3 else 1.0
    if rng.random() < 0.06:
        saturation *= rng.uniform(0.0, 0.3)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    inner = np.eye(3)
    inner[1:, 1:] = rotation * saturation
    balance = np.diag(np.exp(rng.normal(0, 0.09 * strength, 3)))
    contrast = log_uniform(rng, 1 - 0.35 * strength, 1 + 0.5 * strength)
    pivot = rng.uniform(40, 150)
    matrix = balance @ (_FROM_OPPONENT @ inner @ _TO_OPPONENT) * contrast
    offset = np.full(3, pivot * (1 - contrast) + rng.uniform(-22, 22) * strength)
    return cv2.transform(image, np.c_[matrix, offset])


def gamma(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A tone curve: power law, sometimes with lifted blacks or clipped whites."""
    power = log_uniform(rng, 0.55, 1.9)
    low = rng.uniform(0, 30) if rng.random() < 0.25 else 0.0
    high = rng.uniform(255, 330) if rng.random() < 0.25 else 255.0
    table = low + (high - low) * (np.arange(256) / 255.0) ** power
    return cv2.LUT(image, np.clip(table, 0, 255).astype(np.uint8))


def light_field(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Uneven light: a lamp beside the middle, fall-off to the edge, slow shade."""
    size = image.shape[0]
    field = smooth_field(rng, size, int(rng.integers(2, 6))) * rng.uniform(0.05, 0.3)
    if rng.random() < 0.5:
        axis = (np.arange(size, dtype=np.float32) + 0.5) / size
        cx, cy = rng.uniform(0.1, 0.9, 2)
        distance = (axis[None, :] - cx) ** 2 + (axis[:, None] - cy) ** 2
        field = field - rng.uniform(0.3, 2.2) * (distance - distance.mean())
    level = log_uniform(rng, 0.25, 0.7) if rng.random() < 0.2 else log_uniform(rng, 0.75, 1.3)
    shade = np.clip(np.exp(field) * level, 0.08, 2.5)
    return cv2.multiply(image, cv2.merge([shade.astype(np.float32)] * 3), dtype=cv2.CV_8U)


def soft_shape(rng: np.random.Generator, size: int, center: np.ndarray, extent: float) -> np.ndarray:
    """A soft ellipse, sometimes bent into a bean, with values 0...1."""
    mask = np.zeros((size, size), np.uint8)
    axes = (max(1, int(extent * rng.uniform(0.3, 1.0))), max(1, int(extent * rng.uniform(0.3, 1.0))))
    angle = rng.uniform(0, 180)
    cv2.ellipse(mask, (int(center[0]), int(center[1])), axes, angle, 0, 360, 255, -1, cv2.LINE_AA)
    if rng.random() < 0.3:
        shift = rng.uniform(-0.5, 0.5, 2) * extent
        cv2.ellipse(mask, (int(center[0] + shift[0]), int(center[1] + shift[1])), axes, angle + 40, 0, 360, 255, -1)
    return soften(mask, max(0.5, extent * rng.uniform(0.05, 0.35))).astype(np.float32) / 255


def groove(rng: np.random.Generator, size: int) -> np.ndarray:
    """A soft curved band, values 0...1."""
    mask = np.zeros((size, size), np.uint8)
    ends = rng.uniform(0, size, (2, 2))
    bend = ends.mean(0) + rng.normal(0, 0.2 * size, 2)
    t = np.linspace(0, 1, 12)[:, None]
    line = (1 - t) ** 2 * ends[0] + 2 * t * (1 - t) * bend + t ** 2 * ends[1]
    width = int(rng.uniform(0.008, 0.05) * size) + 1
    cv2.polylines(mask, [line.astype(np.int32)], False, 255, width, cv2.LINE_AA)
    return soften(mask, rng.uniform(0.5, 0.03 * size)).astype(np.float32) / 255


def distractors(
    image: np.ndarray, mask: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Dark pits and grooves beside the opening, and bright folds: tempting, and never the opening.

    Where they lie, the mask no longer says what structure it is.
    """
    size = image.shape[0]
    reach = 2 * int(rng.integers(1, max(2, size // 24))) + 1
    inside = (mask == 255) | (mask == IGNORE)
    near = cv2.dilate(inside.astype(np.uint8), np.ones((reach, reach), np.uint8))
    allowed = soften(1.0 - near.astype(np.float32), max(0.8, reach / 4)) * (1.0 - inside)
    darker = np.ones((size, size), np.float32)
    brighter = np.zeros((size, size), np.float32)
    for _ in range(int(rng.integers(1, 5))):
        if rng.random() < 0.55:
            shape = soft_shape(rng, size, rng.uniform(0, size, 2), size * log_uniform(rng, 0.015, 0.16))
        else:
            shape = groove(rng, size)
        shape = shape * allowed
        if rng.random() < 0.75:
            darker *= 1 - np.float32(rng.uniform(0.3, 0.97)) * shape
        else:
            brighter = np.maximum(brighter, np.float32(rng.uniform(0.1, 0.6)) * shape)
    image = veil(cv2.multiply(image, cv2.merge([darker] * 3), dtype=cv2.CV_8U), brighter, np.full(3, 255.0))
    return image, np.where(~inside & ((darker < 0.9) | (brighter > 0.1)), np.uint8(0), mask)


def veil(image: np.ndarray, amount: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Lays a colour over a picture, `amount` (0...1) of it at each pixel."""
    over = np.empty_like(image)
    over[:] = np.clip(colour, 0, 255).astype(np.uint8)
    amount = amount.astype(np.float32)
    return cv2.blendLinear(image, over, 1 - amount, amount)


def glare(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Highlights on wet mucosa: many small, or one broad burnt-out patch."""
    size = image.shape[0]
    shape = np.zeros((size, size), np.uint8)
    for _ in range(int(rng.integers(1, 30))):
        place = rng.integers(0, size, 2)
        axes = (int(log_uniform(rng, 1, 1 + 0.03 * size)), int(log_uniform(rng, 1, 1 + 0.015 * size)))
        cv2.ellipse(shape, (int(place[0]), int(place[1])), axes, rng.uniform(0, 180), 0, 360, 255, -1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(shape, (0, 0), rng.uniform(0.4, 2.0)).astype(np.float32) / 255
    if rng.random() < 0.35:
        soft = np.maximum(soft, soft_shape(rng, size, rng.uniform(0, size, 2), size * rng.uniform(0.05, 0.3)))
    return veil(image, soft * rng.uniform(0.4, 1.0), np.full(3, 255.0))


def fog(image: np.ndarray, rng: np.random.Generator, strength: float | None = None) -> np.ndarray:
    """A whitish or bluish veil: over all, from a side, or in the middle of the lens."""
    size = image.shape[0]
    top = rng.uniform(0.08, 0.6) if strength is None else strength
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size
    cx, cy = rng.uniform(-0.1, 1.1, 2)
    spread = rng.uniform(0.15, 0.8)
    thick = np.exp(-((axis[None, :] - cx) ** 2 + (axis[:, None] - cy) ** 2) / (2 * spread ** 2))
    thick = np.clip(top * (thick * (1 + 0.25 * smooth_field(rng, size, 5))) + rng.uniform(0, 0.4) * top, 0, 0.92)
    grey = rng.uniform(90, 235)
    return veil(image, thick, grey + rng.uniform(-18, 22, 3))


def blur(image: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Out of focus, moved, or recorded at a lower resolution."""
    kind = rng.random()
    size = image.shape[0]
    if kind < 0.45:
        return cv2.GaussianBlur(image, (0, 0), log_uniform(rng, 0.4, 2.6) * strength * size / 256)
    if kind < 0.7:
        length = max(2, int(rng.uniform(2, 11) * strength * size / 256))
        kernel = np.zeros((length, length), np.float32)
        angle = rng.uniform(0, np.pi)
        middle = (length - 1) / 2
        dx, dy = np.cos(angle) * middle, np.sin(angle) * middle
        cv2.line(kernel, (round(middle - dx), round(middle - dy)), (round(middle + dx), round(middle + dy)), 1.0)
        return cv2.filter2D(image, -1, kernel / kernel.sum())
    small = max(24, int(size * rng.uniform(0.25, 0.8) / strength))
    return cv2.resize(cv2.resize(image, (small, small), interpolation=cv2.INTER_AREA), (size, size))


def noise(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Sensor noise, fine or in grains, coloured or grey."""
    size = image.shape[0]
    grains = white_noise(rng, size, 3 if rng.random() < 0.6 else 1)
    if rng.random() < 0.4:
        grains = cv2.GaussianBlur(grains, (0, 0), rng.uniform(0.5, 1.4)) * 2.0
        grains = grains.reshape(size, size, -1)
    return np.clip(image + grains * log_uniform(rng, 1, 14), 0, 255).astype(np.uint8)


def salt_and_pepper(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Single wrong pixels of a capture card."""
    size = image.shape[0]
    count = int(size * size * log_uniform(rng, 0.0005, 0.01))
    where = rng.integers(0, size, (count, 2))
    image = image.copy()
    image[where[:, 0], where[:, 1]] = np.where(rng.random((count, 1)) < 0.5, 235, 20)
    return image


def compression(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """JPEG blocks."""
    quality = int(rng.uniform(12, 80))
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def dusk(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Too little light: tissue hardly brighter than the ground, and the noise that the recorder's gain has lifted."""
    tone = log_uniform(rng, 40, 150) * np.linspace(0, 1, 256) ** rng.uniform(0.8, 1.5)
    ground = rng.uniform(0, 28) + rng.uniform(-6, 8, 3)
    table = np.clip(tone[:, None] + ground, 0, 255).astype(np.uint8)[None]
    grains = white_noise(rng, image.shape[0])
    if rng.random() < 0.5:
        grains = cv2.GaussianBlur(grains, (0, 0), rng.uniform(0.5, 1.2)) * 2.0
    return cv2.add(cv2.LUT(image, table), grains * np.float32(log_uniform(rng, 0.7, 8)), dtype=cv2.CV_8U)


def stripes(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Moire between the endoscope's fibres or lines and the recorder's: bands of another phase in every colour."""
    axis = np.arange(image.shape[0], dtype=np.float32)
    angle = rng.uniform(0, np.pi) if rng.random() < 0.5 else rng.integers(2) * np.pi / 2 + rng.normal(0, 0.12)
    turns = (axis[None, :] * np.cos(angle) + axis[:, None] * np.sin(angle)) / log_uniform(rng, 2.2, 9)
    phases = 2 * np.pi * (turns[..., None] + rng.uniform(0, 0.5) * np.arange(3))
    depth = log_uniform(rng, 0.03, 0.3) * np.clip(0.6 + smooth_field(rng, len(axis), 3), 0, 1.2)[..., None]
    return cv2.multiply(image, (1 + depth * np.sin(phases)).astype(np.float32), dtype=cv2.CV_8U)


def sharpen(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The halo of a recorder's sharpness setting."""
    soft = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.8, 2.5))
    amount = rng.uniform(0.3, 1.5)
    return cv2.addWeighted(image, 1 + amount, soft, -amount, 0)


def tissue_window(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A square part of a real picture, either way up, for its colours and its fine structure."""
    side = image.shape[0]
    extent = int(side * rng.uniform(0.3, 0.9))
    y, x = rng.integers(0, side - extent + 1, 2)
    window = image[y:y + extent, x:x + extent]
    return window[::-1] if rng.random() < 0.5 else window


def wear_texture(image: np.ndarray, mask: np.ndarray, tissue: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Lays the fine structure of real tissue over a drawn picture, outside the opening."""
    size = image.shape[0]
    source = cv2.resize(tissue, (size, size), interpolation=cv2.INTER_LINEAR)
    detail = cv2.subtract(source, soften(source, log_uniform(rng, 2, 14)), dtype=cv2.CV_32F)
    outside = cv2.GaussianBlur(((mask != 255) & (mask != IGNORE)).astype(np.float32), (0, 0), 1.5)
    bright = np.clip(image[..., 0].astype(np.float32) / 140, 0.1, 1.2)
    weight = outside * bright * np.float32(rng.uniform(0.3, 1.2))
    return cv2.add(image, detail * weight[..., None], dtype=cv2.CV_8U)


def field_of_view(size: int, rng: np.random.Generator) -> np.ndarray:
    """A lit octagon or circle, uint8 0 or 1."""
    lit = np.zeros((size, size), np.uint8)
    if rng.random() < 0.65:
        a, b = size * rng.uniform(-0.02, 0.05), size * (1 - rng.uniform(-0.02, 0.05))
        cut = (b - a) * rng.uniform(0.1, 0.22)
        corners = [[a + cut, a], [b - cut, a], [b, a + cut], [b, b - cut], [b - cut, b], [a + cut, b], [a, b - cut],
                   [a, a + cut]]
        cv2.fillPoly(lit, [np.array(corners, np.int32)], 1)
    else:
        cv2.circle(lit, (size // 2, size // 2), int(size * rng.uniform(0.44, 0.56)), 1, -1)
    return lit


def cut_field(image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Blacks out what lies outside a drawn field of view."""
    lit = field_of_view(image.shape[0], rng)
    dark = np.clip(rng.uniform(0, 22) + rng.uniform(-3, 3, 3), 0, 255).astype(np.uint8)
    return np.where(lit[..., None] > 0, image, dark), mask * lit


def faults(
    image: np.ndarray, mask: np.ndarray, rng: np.random.Generator, strength: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Everything that may befall a picture, each with its own chance; `strength` scales the chances."""

    def chance(p: float) -> bool:
        return rng.random() < p * strength

    if chance(0.35):
        image, mask = distractors(image, mask, rng)
    if chance(0.9):
        image = jitter_colour(image, rng)
    if chance(0.6):
        image = gamma(image, rng)
    if chance(0.6):
        image = light_field(image, rng)
    if chance(0.25):
        image = glare(image, rng)
    if chance(0.22):
        image = fog(image, rng)
    if chance(0.16):
        image = dusk(image, rng)
    if chance(0.45):
        image = blur(image, rng)
    if chance(0.1):
        image = sharpen(image, rng)
    if chance(0.5):
        image = noise(image, rng)
    if chance(0.1):
        image = stripes(image, rng)
    if chance(0.1):
        image = salt_and_pepper(image, rng)
    if chance(0.35):
        image = compression(image, rng)
    return image, mask
