"""`rima-train`: one command for every network, and for what comes before and after."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .data.pairs import DataError
from .data.structures import SCHEMES


def _plan(arguments: argparse.Namespace):
    from .trainer import Plan

    return Plan(
        steps=arguments.steps, batch=arguments.batch, rate=arguments.rate, decay=arguments.decay,
        seed=arguments.seed, validate_every=arguments.validate_every, patience=arguments.patience,
        threads=arguments.threads, precision=arguments.precision, warmup=min(200, arguments.steps // 4))


def _training_options(parser: argparse.ArgumentParser, steps: int, batch: int, rate: float) -> None:
    parser.add_argument("--run", "--run-folder", type=Path, required=True, help="folder of the run; goes on where it stopped")
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--rate", type=float, default=rate, help="learning rate on the plateau")
    parser.add_argument("--decay", type=int, default=steps // 4, help="last steps, over which the rate falls to 0")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--validate-every", type=int, default=1000)
    parser.add_argument("--patience", type=int, default=0, help="validations without progress before an early stop")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1, help="processes that prepare samples")
    parser.add_argument("--precision", choices=["auto", "bf16", "fp16", "fp32"], default="auto",
                        help="auto: bf16 where the hardware multiplies in it, else fp32")
    parser.add_argument("--start-from", type=Path, help="checkpoint or shipped model file (.onnx, opening-compact) whose weights to begin with")


def _sides_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--side", type=int, default=256, help="input for whole panes, a multiple of 32")
    parser.add_argument("--crop-side", type=int, help="input for tracked crops; default 160, or --side if that is less")


def _sides(arguments: argparse.Namespace):
    from .geometry import Sides

    return Sides(arguments.side, arguments.crop_side or min(160, arguments.side))


def _pack(arguments: argparse.Namespace) -> None:
    from .data.pack import write_pack
    from .data.pairs import find_pairs

    pairs = []
    for folder in arguments.folder:
        pairs += find_pairs(folder, arguments.group, labelled=not arguments.no_opening)
    pack = write_pack(pairs, arguments.output, arguments.side, arguments.scheme)
    print(f"{len(pack)} pictures of {len(set(pack.groups))} groups in {arguments.output}")


def _draw(arguments: argparse.Namespace) -> None:
    from .data.drawn import draw_pack

    pack = draw_pack(arguments.output, arguments.count, arguments.seed, arguments.side, arguments.rima)
    print(f"{len(pack)} drawn larynges in {arguments.output}")


def _make(arguments: argparse.Namespace) -> None:
    from .data.pack import made_pack
    from .data.sculpt import sculpt
    from .data.sketch import sketch

    hand = {"sketch": sketch, "sculpt": sculpt}[arguments.hand]
    chances = {"collapse": arguments.collapse} if arguments.hand == "sculpt" else {}
    pack = made_pack(
        hand, arguments.output, arguments.count, arguments.seed, arguments.side, typical=arguments.typical, **chances)
    print(f"{len(pack)} larynges in {arguments.output}")


def _calibrate(arguments: argparse.Namespace) -> None:
    from .calibrate import calibrate

    calibrate(arguments.model, arguments.results, arguments.output or arguments.model)


def _opening(arguments: argparse.Namespace) -> None:
    from .mixture import Shares
    from .recipes_opening import OpeningData, train_opening

    shares = Shares(**json.loads(arguments.shares)) if arguments.shares else Shares()
    data = OpeningData(
        arguments.drawn, arguments.real, arguments.other, arguments.judged_drawn,
        set(arguments.hold_out or []), shares, arguments.pane_share, arguments.strength)
    print(json.dumps(train_opening(
        data, _plan(arguments), arguments.run, arguments.start_from, _sides(arguments), arguments.workers)))


def _export(arguments: argparse.Namespace) -> None:
    from .recipes_opening import export_opening

    export_opening(
        arguments.checkpoint, arguments.output, arguments.version, arguments.training_data, _sides(arguments))


def _average(arguments: argparse.Namespace) -> None:
    from .trainer import average_checkpoints

    average_checkpoints(arguments.first, arguments.second, arguments.share, arguments.output)


def _card(arguments: argparse.Namespace) -> None:
    from .card import write_card

    write_card(arguments.model, arguments.facts, arguments.figures or [], arguments.output)


def _evaluate(arguments: argparse.Namespace) -> None:
    from .evaluate import evaluate_folder

    evaluate_folder(
        arguments.model, arguments.folder, arguments.looks, arguments.hold_out, arguments.json, arguments.sheet,
        arguments.risk_coverage, save=arguments.save, title=arguments.title, pane_least=arguments.least_share)


def _jitter(arguments: argparse.Namespace) -> None:
    from .jitter import jitter

    jitter(arguments.model, arguments.folder, arguments.noise, arguments.repeats, arguments.count)


def _evaluate_gate(arguments: argparse.Namespace) -> None:
    from .evaluate_gate import evaluate_gate

    evaluate_gate(
        arguments.model, arguments.drawn, arguments.real, arguments.other, set(arguments.only or []),
        arguments.count, arguments.save, arguments.title, arguments.bad_max, arguments.other_max)


def _quantise(arguments: argparse.Namespace) -> None:
    from .quantise import quantise

    quantise(arguments.model, arguments.output, arguments.calibration, arguments.count)


def _coco(arguments: argparse.Namespace) -> None:
    from .data.coco import import_coco

    count, names = import_coco(arguments.export, arguments.output, arguments.opening, arguments.group_pattern)
    print(f"{count} pictures in {arguments.output}; label maps: 0 other, "
          + ", ".join(f"{k + 1} {name}" for k, name in enumerate(names)))


def _zoo(arguments: argparse.Namespace) -> None:
    from . import recipes_zoo
    from .models import zoo

    data = recipes_zoo.ZooData(
        arguments.pack, set(arguments.hold_out or []), arguments.scheme, arguments.classes or [], arguments.strength)
    build, train, names = {
        "unet-resnet18": (zoo.unet_resnet18, recipes_zoo.train_one_class, ["opening"]),
        "unetpp-effnetb4": (zoo.unetplusplus_efficientnet_b4, recipes_zoo.train_one_class, ["opening"]),
        "multiclass": (lambda: zoo.unet_resnet18(len(data.names())), recipes_zoo.train_classes, data.names()),
        "maskrcnn": (lambda: zoo.mask_rcnn(len(recipes_zoo.INSTANCES), arguments.side), recipes_zoo.train_instances, []),
    }[arguments.network]
    plan, network = _plan(arguments), build()
    figures = train(network, data, plan, arguments.run, arguments.side, arguments.workers, arguments.start_from)
    print(json.dumps(figures))
    if arguments.export:
        from .trainer import averaged_weights

        network = network.cpu()
        network.load_state_dict(averaged_weights(arguments.run / "last.pt"))
        if arguments.network == "maskrcnn":
            recipes_zoo.export_instances(
                network, arguments.export, arguments.version, arguments.side, arguments.training_data)
        else:
            recipes_zoo.export_segmentation(
                network, arguments.export, f"rima-{arguments.network}", arguments.version, arguments.side, names,
                arguments.training_data)


def _gate(arguments: argparse.Namespace) -> None:
    from . import recipes_gate
    from .models import zoo
    from .trainer import averaged_weights

    build = {"gate-compact": recipes_gate.compact_gate, "gate-efficientnet-b0": zoo.gate_efficientnet_b0,
             "gate-densenet121": zoo.gate_densenet121}[arguments.network]
    held_out = set(arguments.hold_out or [])
    data = recipes_gate.GateData(arguments.drawn, arguments.real, arguments.other, held_out=held_out)
    judged = recipes_gate.GateData(
        [arguments.judged_drawn] if arguments.judged_drawn else arguments.drawn, arguments.real, arguments.other)
    network = build()
    print(json.dumps(recipes_gate.train_gate(
        network, data, judged, _plan(arguments), arguments.run, arguments.side, arguments.workers,
        arguments.start_from, arguments.judge_count)))
    if arguments.export:
        network = network.cpu()
        network.load_state_dict(averaged_weights(arguments.run / "last.pt"))
        recipes_gate.export_gate(
            network, arguments.export, f"rima-{arguments.network}", arguments.version, arguments.training_data,
            arguments.side)


def _export_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--export", type=Path, help="model file to write when the training ends")
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument("--training-data", default="not stated")


def build_parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    parser = argparse.ArgumentParser(prog="rima-train", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    pack = commands.add_parser("pack", help="folders of pictures with masks into two flat files")
    pack.add_argument("folder", type=Path, nargs="+")
    pack.add_argument("--output", type=Path, required=True)
    pack.add_argument("--side", type=int, default=384)
    pack.add_argument("--group", help="name of the patient or seed, where folders do not tell")
    pack.add_argument("--no-opening", action="store_true", help="pictures without masks, none of which shows a larynx")
    pack.add_argument("--scheme", choices=sorted(SCHEMES), help="whose numbers the label maps hold, so that the network "
                      "learns to tell folds and pits apart; without it they are kept and not used for that")
    pack.set_defaults(call=_pack)

    draw = commands.add_parser("draw", help="phantom stills into a pack, by the rima program")
    draw.add_argument("--output", type=Path, required=True)
    draw.add_argument("--count", type=int, default=8000)
    draw.add_argument("--seed", type=int, default=1)
    draw.add_argument("--side", type=int, default=352, help="a multiple of 16")
    draw.add_argument("--rima", default="rima", help="the program, where it is not on the path")
    draw.set_defaults(call=_draw)

    for name, told in (
        ("sketch", "sketched larynges, a second hand beside the phantom, into a pack"),
        ("sculpt", "larynges modelled as solids and lit by the lens, a third hand, into a pack (1 s each)"),
    ):
        made = commands.add_parser(name, help=told)
        made.add_argument("--output", type=Path, required=True)
        made.add_argument("--count", type=int, default=6000)
        made.add_argument("--seed", type=int, default=1)
        made.add_argument("--side", type=int, default=320)
        made.add_argument("--typical", type=float, default=0.0,
                          help="share drawn as an exercise test shows a larynx, wide and upright; the rest: anything")
        if name == "sculpt":
            made.add_argument("--collapse", type=float, default=0.0,
                              help="share narrowed above the folds: arytenoids and aryepiglottic folds drawn in")
        made.set_defaults(call=_make, hand=name)

    calibration = commands.add_parser(
        "calibrate", help="writes into a model file what its confidence is worth, from `rima evaluate DIR --json`")
    calibration.add_argument("model", type=Path)
    calibration.add_argument("results", type=Path, nargs="+", help="files with that output, of patients never trained on")
    calibration.add_argument("--output", type=Path, help="default: the model file itself")
    calibration.set_defaults(call=_calibrate)

    opening = commands.add_parser("opening-compact", help="the network that ships: compact U-Net")
    _training_options(opening, 20000, 16, 2e-3)
    opening.add_argument("--drawn", type=Path, nargs="*", default=[], help="packs of phantom stills")
    opening.add_argument("--real", type=Path, help="pack of real close-ups (vocalfolds)")
    opening.add_argument("--other", type=Path, help="pack of pictures without larynx")
    opening.add_argument("--judged-drawn", type=Path, help="pack of phantom stills of other seeds, judged only")
    opening.add_argument("--hold-out", nargs="*", help="patients never trained on")
    opening.add_argument("--shares", help='JSON, e.g. {"drawn":0.6,"set_in":0.15,"close_up":0.15,"no_larynx":0.1}')
    opening.add_argument("--pane-share", type=float, default=0.5, help="batches of whole panes among all; the rest: crops")
    opening.add_argument("--strength", type=float, default=1.0, help="scales the chance of every fault")
    _sides_options(opening)
    opening.set_defaults(call=_opening)

    for name, text, side, batch in (
        ("unet-resnet18", "U-Net with ResNet-18, one class, as in the CLE work", 896, 4),
        ("multiclass", "U-Net with ResNet-18, all classes of the label maps", 512, 8),
        ("unetpp-effnetb4", "UNet++ with EfficientNet-B4, one class", 512, 4),
        ("maskrcnn", "Mask R-CNN, left and right as instances", 512, 2),
    ):
        zoo = commands.add_parser(name, help=text)
        _training_options(zoo, 10000, batch, 5e-4)
        _export_options(zoo)
        zoo.add_argument("--pack", type=Path, required=True)
        zoo.add_argument("--hold-out", nargs="*", help="patients to judge on, never trained on")
        zoo.add_argument("--scheme", choices=["phantom", "vocalfolds"], default="phantom", help="names of the classes")
        zoo.add_argument("--classes", nargs="*", help="names of the classes from 0, instead of a scheme")
        zoo.add_argument("--strength", type=float, default=0.7)
        zoo.add_argument("--side", type=int, default=side)
        zoo.set_defaults(call=_zoo, network=name)

    for name, side, batch in (("gate-compact", 128, 64), ("gate-efficientnet-b0", 224, 32),
                              ("gate-densenet121", 224, 16)):
        gate = commands.add_parser(name, help="good or bad, larynx or other")
        _training_options(gate, 6000, batch, 1e-3)
        _export_options(gate)
        gate.add_argument("--drawn", type=Path, nargs="+", required=True)
        gate.add_argument("--real", type=Path)
        gate.add_argument("--other", type=Path)
        gate.add_argument("--judged-drawn", type=Path)
        gate.add_argument("--judge-count", type=int, default=600)
        gate.add_argument("--hold-out", nargs="*")
        gate.add_argument("--side", type=int, default=side)
        gate.set_defaults(call=_gate, network=name)

    coco = commands.add_parser("import-coco", help="Label Studio's COCO export into folders of masks, by patient")
    coco.add_argument("export", type=Path, help="the unpacked export, or its result.json")
    coco.add_argument("output", type=Path)
    coco.add_argument("--opening", default="opening", help="name of the category that is the opening")
    coco.add_argument("--group-pattern", help="regular expression whose first group is the patient, on file names")
    coco.set_defaults(call=_coco)

    export = commands.add_parser("export", help="checkpoint of opening-compact to ONNX with metadata")
    export.add_argument("checkpoint", type=Path)
    export.add_argument("output", type=Path)
    export.add_argument("--version", default="0.1.0")
    export.add_argument("--training-data", default="Rima phantom; vocalfolds (CC BY 4.0)")
    _sides_options(export)
    export.set_defaults(call=_export)

    average = commands.add_parser("average", help="the mean of two checkpoints, one of which began from the other")
    average.add_argument("first", type=Path)
    average.add_argument("second", type=Path)
    average.add_argument("output", type=Path)
    average.add_argument("--share", type=float, default=0.5, help="of the second")
    average.set_defaults(call=_average)

    card = commands.add_parser("card", help="model card from a model file, a list of facts and saved tables")
    card.add_argument("model", type=Path)
    card.add_argument("output", type=Path)
    card.add_argument("--facts", type=Path, required=True, help="JSON: purpose, commands, data, limits")
    card.add_argument("--figures", type=Path, nargs="*", help="tables saved by `evaluate --save`")
    card.set_defaults(call=_card)

    evaluate = commands.add_parser("evaluate", help="scores of a model file on pictures with masks")
    evaluate.add_argument("model", type=Path)
    evaluate.add_argument("folder", type=Path)
    evaluate.add_argument("--looks", type=int, choices=[1, 2], default=2, help="2: locate, then look")
    evaluate.add_argument("--hold-out", nargs="*", help="judge only these patients")
    evaluate.add_argument("--json", action="store_true")
    evaluate.add_argument("--sheet", type=Path, help="contact sheet of the worst and some others")
    evaluate.add_argument("--risk-coverage", action="store_true")
    evaluate.add_argument("--least-share", type=float, default=0.0, help="leave out smaller openings (of the picture)")
    evaluate.add_argument("--save", type=Path, help="file with the table, for `card`")
    evaluate.add_argument("--title", default="", help="title of the table in the card")
    evaluate.set_defaults(call=_evaluate)

    tremble = commands.add_parser("jitter", help="deviation of the area over its mean in a still scene with noise")
    tremble.add_argument("model", type=Path)
    tremble.add_argument("folder", type=Path)
    tremble.add_argument("--noise", type=float, default=4.0, help="deviation of the noise, in grey levels")
    tremble.add_argument("--repeats", type=int, default=10)
    tremble.add_argument("--count", type=int, default=30, help="pictures with an opening of at least 0.7 %%")
    tremble.set_defaults(call=_jitter)

    judge = commands.add_parser("evaluate-gate", help="precision and recall of a gate file on spoiled pictures")
    judge.add_argument("model", type=Path)
    judge.add_argument("--drawn", type=Path, help="pack of phantom stills of other seeds")
    judge.add_argument("--real", type=Path, help="pack of real close-ups")
    judge.add_argument("--other", type=Path, help="pack of pictures without larynx")
    judge.add_argument("--only", nargs="*", help="patients of --real to judge on")
    judge.add_argument("--count", type=int, default=2000)
    judge.add_argument("--save", type=Path)
    judge.add_argument("--title", default="")
    judge.add_argument("--bad-max", type=float, default=0.85, help="as gate.poor_picture_max of rima")
    judge.add_argument("--other-max", type=float, default=0.98, help="as gate.no_larynx_max of rima")
    judge.set_defaults(call=_evaluate_gate)

    quantise = commands.add_parser("quantise", help="int8 variant of a model file")
    quantise.add_argument("model", type=Path)
    quantise.add_argument("output", type=Path)
    quantise.add_argument("--calibration", type=Path, required=True, help="pack of pictures the ranges are taken from")
    quantise.add_argument("--count", type=int, default=100)
    quantise.set_defaults(call=_quantise)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Entry point; errors in data are one sentence on stderr and exit code 65."""
    chosen = build_parser().parse_args(arguments)
    try:
        chosen.call(chosen)
    except DataError as error:
        print(f"rima-train: {error}", file=sys.stderr)
        return 65
    return 0


if __name__ == "__main__":
    sys.exit(main())
