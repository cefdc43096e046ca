"""Reading, splitting and spoiling data."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from conftest import tiny_still
from rima_training import augment
from rima_training.data.coco import import_coco, mask_of
from rima_training.data.pack import Pack, join_packs, write_pack
from rima_training.data.pairs import DataError, find_pairs
from rima_training.metrics import score_frame, summary
from rima_training.mixture import Mixture
from rima_training.spoil import SPOILERS


def test_a_patient_is_never_on_both_sides(stills: Path, tmp_path: Path):
    pack = write_pack(find_pairs(stills), tmp_path, 32)
    mixture = Mixture([pack], held_out={"seed2"})
    rest = pack.indices(only={"seed2"})
    assert {pack.groups[i] for i in mixture._drawn[0]} == {"seed1"} and len(rest)
    with pytest.raises(DataError, match="seed9"):
        Mixture([pack], held_out={"seed9"})


def test_packing_anew_leaves_nothing_of_what_was_there(stills: Path, tmp_path: Path):
    pairs = find_pairs(stills)
    write_pack(pairs, tmp_path, 32)
    np.save(tmp_path / "labels.npy", np.zeros((1, 32, 32), np.uint8))
    with pytest.raises(DataError, match="labels"):
        Pack(tmp_path)
    assert write_pack(pairs[:3], tmp_path, 32).labels is None or len(Pack(tmp_path).labels) == 3


def test_glottal_space_is_the_opening_and_void_counts_nowhere(tmp_path: Path):
    labels = np.array([[0, 1, 2, 3]], np.uint8).repeat(8, 0)
    cv2.imwrite(str(tmp_path / "a.jpg"), np.zeros((8, 4, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "a.labels.png"), labels)
    (pair,) = find_pairs(tmp_path)
    assert pair.mask((8, 4))[0].tolist() == [augment.IGNORE, 0, 0, 255]


def test_the_phantom_says_what_a_still_shows(tmp_path: Path):
    for name in ("000000", "000001", "000002"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.zeros((16, 16, 3), np.uint8))
        cv2.imwrite(str(tmp_path / f"{name}.mask.png"), np.zeros((16, 16), np.uint8))
        cv2.imwrite(str(tmp_path / f"{name}.tissues.png"), np.full((16, 16), 4, np.uint8))
    (tmp_path / "truth.csv").write_text(
        "name,area_px,quality,larynx\n000000,0,good,1\n000001,0,bad,0\n000002,0,bad,1\n")
    pairs = find_pairs(tmp_path)
    assert [(p.larynx, p.quality) for p in pairs] == [(True, "good"), (False, "good"), (True, "bad")]
    parts = [write_pack(pairs[:2], tmp_path / "a", 16), write_pack(pairs[2:], tmp_path / "b", 16)]
    joined = join_packs(parts, tmp_path / "c")
    assert joined.larynx == [True, False, True] and (joined.labels == 4).all() and len(joined.images) == 3


def test_a_mask_of_another_size_is_refused(tmp_path: Path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((8, 8, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "a.mask.png"), np.zeros((4, 8), np.uint8))
    (pair,) = find_pairs(tmp_path)
    with pytest.raises(DataError, match="does not fit"):
        pair.mask((8, 8, 3))


def test_polygons_and_run_lengths_give_the_same_mask():
    square = [[2.0, 3.0, 7.0, 3.0, 7.0, 9.0, 2.0, 9.0]]
    truth = np.zeros((12, 10), bool)
    truth[3:9, 2:7] = True
    counts = np.flatnonzero(np.diff(np.r_[0, truth.T.reshape(-1).astype(int), 0]))
    runs = np.diff(np.r_[0, counts, truth.size]).tolist()
    assert (mask_of({"size": [12, 10], "counts": runs}, 12, 10) == truth).all()
    drawn = mask_of(square, 12, 10)
    assert (drawn & truth).sum() / (drawn | truth).sum() > 0.7


def test_compressed_run_lengths_agree_with_pycocotools():
    coco = pytest.importorskip("pycocotools.mask")
    mask = np.random.default_rng(3).random((57, 41)) > 0.6
    mask[10:40, 5:30] = True
    encoded = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    text = encoded["counts"].decode()
    assert (mask_of({"size": [57, 41], "counts": text}, 57, 41) == mask).all()


def test_a_label_studio_export_becomes_masks_by_patient(tmp_path: Path):
    (tmp_path / "in" / "images").mkdir(parents=True)
    for name in ("p1_a.png", "p2_b.png"):
        cv2.imwrite(str(tmp_path / "in" / "images" / name), np.full((20, 30, 3), 90, np.uint8))
    content = {
        "images": [{"id": 0, "file_name": "images/p1_a.png", "width": 30, "height": 20},
                   {"id": 1, "file_name": "/data/upload/1/p2_b.png", "width": 30, "height": 20}],
        "categories": [{"id": 0, "name": "epiglottis"}, {"id": 1, "name": "opening"}],
        "annotations": [
            {"image_id": 0, "category_id": 1, "segmentation": [[5, 5, 15, 5, 15, 15, 5, 15]]},
            {"image_id": 0, "category_id": 0, "segmentation": {"size": [20, 30], "counts": [200, 200, 200]}}],
    }
    (tmp_path / "in" / "result.json").write_text(json.dumps(content))
    assert import_coco(tmp_path / "in", tmp_path / "out") == (2, ["epiglottis", "opening"])
    pairs = find_pairs(tmp_path / "out")
    assert [p.group for p in pairs] == ["p1", "p2"]
    first, second = (p.mask((20, 30)) for p in pairs)
    assert 80 <= (first == 255).sum() <= 130 and second.sum() == 0
    labels = cv2.imread(str(pairs[0].classes), cv2.IMREAD_UNCHANGED)
    assert set(np.unique(labels)) == {0, 1, 2} and (labels == 2).sum() == (first == 255).sum()


def test_a_sample_depends_on_its_seed_alone(pack: Path):
    mixture = Mixture([Pack(pack)], Pack(pack), Pack(pack))
    one, two = (mixture.sample(np.random.default_rng(4), 96) for _ in range(2))
    assert (one[0] == two[0]).all() and (one[1] == two[1]).all()
    masks = [mixture.sample(np.random.default_rng(k), 96)[1] for k in range(20)]
    assert all(set(np.unique(m)) <= {0, augment.IGNORE, 255} for m in masks)
    assert sum((m == 255).any() for m in masks) > 8


def test_distractors_leave_the_opening_alone():
    image, mask = tiny_still(np.random.default_rng(1))
    for seed in range(10):
        spoiled, _ = augment.distractors(image, mask, np.random.default_rng(seed))
        assert (spoiled[mask > 0] == image[mask > 0]).all()


@pytest.mark.parametrize("name", list(SPOILERS))
def test_every_spoiler_ruins_the_picture(name: str):
    rng = np.random.default_rng(2)
    image, mask = tiny_still(rng, 128)
    spoiled = SPOILERS[name](image, rng)
    edge = cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0

    def contrast(picture: np.ndarray) -> float:
        return float(np.abs(cv2.Laplacian(cv2.GaussianBlur(picture, (0, 0), 1), cv2.CV_32F))[edge].mean())

    assert contrast(spoiled) < 0.6 * contrast(image)


def test_scores_of_known_masks():
    truth = np.zeros((10, 10), bool)
    truth[2:6, 2:6] = True
    half = truth.copy()
    half[4:] = False
    known = np.ones_like(truth)
    score = score_frame("a", "p", half, truth, known)
    assert (score.dice, score.iou, score.area_error) == (2 * 8 / 24, 0.5, 0.5)
    none = score_frame("b", "p", truth, np.zeros_like(truth), known)
    assert none.false_opening and np.isnan(none.dice)
    figures = summary([score, none])
    assert figures["mean_dice"] == score.dice and figures["false_opening_ratio"] == 1.0


def test_a_sketch_repeats_to_the_byte_and_its_mask_fits_its_larynx():
    from rima_training.data.sketch import sketch
    from rima_training.data.structures import STRUCTURES

    shares, structures = [], set()
    for index in range(24):
        image, mask, labels, larynx = sketch(5, index, 96)
        again = sketch(5, index, 96)
        assert all(np.array_equal(a, b) for a, b in zip((image, mask, labels), again, strict=False))
        assert labels.shape == mask.shape and set(np.unique(labels)) <= {0, *STRUCTURES}
        assert image.shape == (96, 96, 3) and set(np.unique(mask)) <= {0, 255}
        assert larynx or not mask.any()
        structures |= set(np.unique(labels))
        shares.append((mask > 0).mean())
    assert structures == {0, *STRUCTURES}
    assert 0.3 < np.mean(np.array(shares) > 0) < 1.0 and max(shares) < 0.4
    assert not np.array_equal(sketch(5, 0, 96)[0], sketch(6, 0, 96)[0])


@pytest.mark.parametrize("hand", ["sketch", "sculpt"])
def test_what_a_hand_draws_goes_into_a_pack(tmp_path: Path, hand: str):
    from rima_training.cli import main
    from rima_training.data.pack import Pack

    assert main([hand, "--output", str(tmp_path / "pack"), "--count", "5", "--seed", "3", "--side", "64"]) == 0
    pack = Pack(tmp_path / "pack")
    assert len(pack) == 5 and pack.images.shape == (5, 64, 64, 3) and set(pack.groups) == {f"{hand}3"}


def test_codes_tell_what_lies_around_the_opening_and_leave_the_mask_alone():
    from rima_training.data.structures import BARE_BUT_FOR_PITS, FOLD, SUPRAGLOTTIC, UNKNOWN, coded, is_opening

    mask = np.array([[255, augment.IGNORE, 0, 0, 0]], np.uint8)
    labels = np.array([[1, 2, 2, 4, 0]], np.uint8)
    drawn = coded(mask, labels, "phantom")
    assert drawn.tolist() == [[255, augment.IGNORE, FOLD, SUPRAGLOTTIC, BARE_BUT_FOR_PITS]]
    assert is_opening(drawn).tolist() == [[True, True, False, False, False]]
    # Who labels only folds says nothing of the rest.
    assert coded(mask, np.array([[3, 0, 1, 2, 2]], np.uint8), "vocalfolds").tolist() == [
        [255, augment.IGNORE, FOLD, UNKNOWN, UNKNOWN]]


def test_a_ray_meets_a_sphere_where_geometry_says():
    from rima_training.data.solids import Body, Scene, ellipsoid

    scene = Scene([Body(ellipsoid((0, 0, 0), (2, 2, 2)), 1)])
    ways = np.array([[0, 0, -1], [0.2, 0, -1], [0.9, 0, -1]], np.float32).T
    ways /= np.linalg.norm(ways, axis=0)
    origin = np.array([0, 0, 5], np.float32)
    along = 5 * -ways[2]
    under = along ** 2 - (25 - 4)
    gone = scene.trace(origin, ways, np.zeros(3), 30.0, 200)
    assert np.allclose(gone[:2], (along - np.sqrt(np.clip(under, 0, None)))[:2], atol=0.02)
    assert under[2] < 0 and gone[2] == 30
    points = origin[:, None] + ways[:, :2] * gone[:2]
    assert np.allclose(scene.normals(points), points / 2, atol=0.02)


def test_a_sculpted_larynx_repeats_to_the_byte_and_shows_its_opening():
    from rima_training.data.sculpt import sculpt, without_specks

    slit = np.zeros((32, 32), bool)
    slit[4:28, 15:17], slit[2, 2] = True, True
    assert without_specks(slit).sum() == 48

    shares = []
    for index in range(12):
        image, mask, labels, larynx = sculpt(5, index, 64, typical=1.0)
        again = sculpt(5, index, 64, typical=1.0)
        assert larynx and np.array_equal(image, again[0]) and np.array_equal(mask, again[1])
        assert set(np.unique(mask)) <= {0, 255} and labels.max() <= 4 and not labels[mask > 0].any()
        shares.append((mask > 0).mean())
        assert np.array_equal(mask > 0, without_specks(mask > 0))
    assert np.median(shares) > 0.003 and max(shares) < 0.2
    assert not np.array_equal(sculpt(5, 0, 64)[0], sculpt(6, 0, 64)[0])
    # Supraglottic structures that are drawn in leave less of the opening.
    wide, narrowed = ([(sculpt(5, index, 48, 1.0, collapse)[1] > 0).mean() for index in range(40)]
                      for collapse in (0.0, 1.0))
    assert np.mean(narrowed) < 0.8 * np.mean(wide)


def test_a_lens_inside_tissue_touches_it_and_sees_nothing_behind_itself():
    from rima_training.data.solids import Body, Scene, ellipsoid

    scene = Scene([Body(ellipsoid((0, 0, 0), (2, 2, 2)), 1)])
    gone = scene.trace(np.zeros(3, np.float32), np.array([[0, 0, -1]], np.float32).T, np.zeros(1), 30.0, 200)
    assert gone.tolist() == [0]


def test_dusk_and_stripes_keep_the_picture_and_darken_or_band_it():
    rng = np.random.default_rng(4)
    image = np.full((96, 96, 3), 180, np.uint8)
    for _ in range(8):
        dark = augment.dusk(image, rng)
        assert dark.shape == image.shape and dark.dtype == np.uint8 and dark.mean() < 175
    banded = augment.stripes(image, rng)
    assert banded.dtype == np.uint8 and abs(banded.mean() - 180) < 25 and banded.std() > 1
