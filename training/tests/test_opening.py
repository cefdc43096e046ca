"""The shipped network from data to model file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from rima_training.cli import main
from rima_training.export import read_facts
from rima_training.geometry import Sides
from rima_training.models.compact import CompactUNet, multiply_adds
from rima_training.predict import find_opening, onnx_predictor


def test_the_shipped_network_costs_at_most_one_gmac():
    module = CompactUNet()
    assert multiply_adds(module, (1, 3, 256, 256)) <= 1.0e9
    assert all(width % 16 == 0 for width in (module.shape.stem, *module.shape.widths, *module.shape.decoder_widths))


def test_logits_have_the_resolution_of_the_input():
    module = CompactUNet().eval()
    with torch.no_grad():
        assert module(torch.zeros(1, 3, 128, 192)).shape == (1, 1, 128, 192)


@pytest.fixture(scope="module")
def trained(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("run")
    options = ["opening-compact", "--run", str(run), "--drawn", str(pack), "--judged-drawn", str(pack), "--side", "96",
               "--batch", "8", "--workers", "0", "--threads", "1", "--strength", "0.2", "--rate", "4e-3", "--validate-every", "60"]
    assert main([*options, "--steps", "20", "--decay", "0"]) == 0
    assert main([*options, "--steps", "60", "--decay", "20"]) == 0
    return run


def test_training_learns_and_goes_on_where_it_stopped(trained: Path):
    lines = [json.loads(line) for line in (trained / "scores.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [20, 60]
    assert lines[-1]["drawn_dice"] > max(0.3, lines[0]["drawn_dice"])


def test_the_model_file_says_what_it_is(trained: Path, stills: Path, tmp_path: Path, capsys: pytest.CaptureFixture):
    target = tmp_path / "opening.onnx"
    assert main(["export", str(trained / "last.pt"), str(target), "--side", "96", "--training-data", "ellipses"]) == 0
    facts = read_facts(target)
    assert facts["rima.task"] == "opening"
    assert (facts["rima.input_width"], facts["rima.input_height"]) == ("96", "96")
    assert facts["rima.classes"] == "opening" and facts["rima.training_data"] == "ellipses"
    kinds = {node.op_type for node in onnx.load(str(target)).graph.node}
    assert kinds == {"Conv", "Relu", "MaxPool", "Resize", "Concat"}
    capsys.readouterr()
    assert main(["evaluate", str(target), str(stills), "--json", "--looks", "1"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result["groups"]) == {"seed1", "seed2", "all"}
    assert result["groups"]["all"]["mean_dice"] > 0.3


def test_crops_may_come_at_a_size_of_their_own(trained: Path, pack: Path, tmp_path: Path):
    from rima_training.data.pack import Pack
    from rima_training.export import multiply_adds_of

    target = tmp_path / "opening.onnx"
    main(["export", str(trained / "last.pt"), str(target), "--side", "96", "--crop-side", "64"])
    predict, sides = onnx_predictor(target)
    assert sides == Sides(96, 64)
    image = Pack(pack)[0][0]
    assert predict(image[None, :64, :64]).shape == (1, 64, 64)
    assert find_opening(predict, sides, image, 2).mask.shape == image.shape[:2]
    assert multiply_adds_of(target) == multiply_adds(CompactUNet(), (1, 3, 96, 96))
    dimensions = onnx.load(str(target)).graph.input[0].type.tensor_type.shape.dim
    assert [d.dim_param for d in dimensions[2:]] == ["height", "width"]


def test_quantised_file_stays_close(trained: Path, pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture):
    source, target = tmp_path / "opening.onnx", tmp_path / "opening.int8.onnx"
    main(["export", str(trained / "last.pt"), str(source), "--side", "96"])
    assert main(["quantise", str(source), str(target), "--calibration", str(pack), "--count", "16"]) == 0
    assert read_facts(target)["rima.precision"] == "int8"
    assert target.stat().st_size < 0.45 * source.stat().st_size
    exact, side = onnx_predictor(source)
    rough, _ = onnx_predictor(target)
    from rima_training.data.pack import Pack

    images = np.stack([Pack(pack)[i][0] for i in range(4)])
    assert np.abs(exact(images) - rough(images)).mean() < 0.05


def test_equalised_channels_answer_alike(trained: Path, pack: Path, tmp_path: Path):
    from rima_training.data.pack import Pack
    from rima_training.equalise import channel_tops, equalise
    from rima_training.predict import normalise

    source, even = tmp_path / "opening.onnx", tmp_path / "even.onnx"
    main(["export", str(trained / "last.pt"), str(source), "--side", "96"])
    images = np.stack([Pack(pack)[i][0] for i in range(4)])
    values = normalise(images, np.float32(0.5), np.float32(0.25))
    model = onnx.load(str(source))
    tops = channel_tops(model, (v[None] for v in values))
    spread = [np.log(t[t > 1e-6]).std() for t in tops.values()]
    changed = equalise(model, tops)
    assert changed == len(tops) == sum(node.op_type == "Relu" for node in model.graph.node)
    onnx.save(model, str(even))
    assert np.abs(onnx_predictor(source)[0](images) - onnx_predictor(even)[0](images)).max() < 1e-4
    after = channel_tops(model, (v[None] for v in values))
    assert np.mean([np.log(t[t > 1e-6]).std() for t in after.values()]) < np.mean(spread)


def test_two_looks_return_the_mask_to_its_place():
    image = np.full((400, 500, 3), 180, np.uint8)
    image[150:190, 300:330] = 20

    def dark(images: np.ndarray) -> np.ndarray:
        return ((images.max(3) < 60) & (images.max(3) > 10)).astype(np.float32)

    truth = image[..., 0] == 20
    for looks in (1, 2):
        found = find_opening(dark, Sides(128, 96), image, looks)
        overlap = 2 * (found.mask & truth).sum() / (found.mask.sum() + truth.sum())
        assert overlap > (0.85 if looks == 1 else 0.93)
    assert found.crop is not None and abs(found.crop[0] - 314.5) < 4


def test_a_model_file_can_be_gone_on_from(trained: Path, pack: Path, tmp_path: Path):
    from rima_training.data.pack import Pack
    from rima_training.predict import module_predictor
    from rima_training.restore import restore_onnx

    source = tmp_path / "opening.onnx"
    main(["export", str(trained / "last.pt"), str(source), "--side", "96"])
    images = np.stack([Pack(pack)[i][0] for i in range(6)])
    values = torch.from_numpy((images.astype(np.float32) / 255 - 0.5) / 0.25).permute(0, 3, 1, 2)
    module = CompactUNet()
    restore_onnx(module, source, [values])
    expected = onnx_predictor(source)[0](images)
    assert np.abs(module_predictor(module)(images) - expected).max() < 1e-4
    # With the statistics of the same pictures, training starts from the very same answers.
    module.train()
    with torch.no_grad():
        logits, _ = module(values)
    assert np.abs(torch.sigmoid(logits)[:, 0].numpy() - expected).max() < 1e-3
    run = tmp_path / "on"
    assert main(["opening-compact", "--run", str(run), "--drawn", str(pack), "--side", "96", "--batch", "4", "--workers",
                 "0", "--threads", "1", "--steps", "2", "--start-from", str(source)]) == 0


def test_structures_are_learned_only_where_they_are_told():
    from rima_training.data.structures import BARE, BARE_BUT_FOR_PITS, PIT, STRUCTURES, UNKNOWN
    from rima_training.losses import structure_loss

    def loss(code: int, name: float, others: float) -> float:
        side = torch.full((1, 1 + len(STRUCTURES), 2, 2), others)
        side[:, 1 + STRUCTURES.index(PIT)] = name
        return float(structure_loss(side, torch.full((1, 16, 16), code, dtype=torch.uint8)))

    assert loss(UNKNOWN, 9.0, 9.0) == 0.0
    assert loss(PIT, 20.0, -20.0) < 1e-6 < loss(PIT, -1.0, -20.0)
    assert loss(BARE, 20.0, -20.0) > 1.0
    assert loss(BARE_BUT_FOR_PITS, 20.0, -20.0) < 1e-6


def test_a_checkpoint_without_structures_can_be_gone_on_from(tmp_path: Path):
    from rima_training.models.compact import load_compact
    from rima_training.trainer import averaged_weights

    older = CompactUNet(structures=0)
    torch.save({"average": older.state_dict()}, tmp_path / "last.pt")
    module = CompactUNet()
    load_compact(module, averaged_weights(tmp_path / "last.pt"))
    assert torch.equal(module.head.weight, older.head.weight)


def test_two_checkpoints_can_be_averaged(tmp_path: Path):
    from rima_training.models.compact import load_compact
    from rima_training.trainer import averaged_weights

    torch.manual_seed(1)
    modules = [CompactUNet(structures=0), CompactUNet()]
    for index, module in enumerate(modules):
        torch.save({"average": module.state_dict()}, tmp_path / f"{index}.pt")
    assert main(["average", str(tmp_path / "0.pt"), str(tmp_path / "1.pt"), str(tmp_path / "2.pt"), "--share", "0.25"]) == 0
    mixed = CompactUNet()
    load_compact(mixed, averaged_weights(tmp_path / "2.pt"))
    expected = 0.75 * modules[0].head.weight + 0.25 * modules[1].head.weight
    assert torch.allclose(mixed.head.weight, expected) and torch.equal(mixed.side_head.weight, modules[1].side_head.weight)
