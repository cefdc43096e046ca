"""`rima-train`: one command for every network, and for what comes before and after."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .data.pairs import DataError


def _plan(arguments: argparse.Namespace):
    from .trainer import Plan

    return Plan(
        steps=arguments.steps, batch=arguments.batch, rate=arguments.rate, decay=arguments.decay,
        seed=arguments.seed, validate_every=arguments.validate_every, patience=arguments.patience,
        threads=arguments.threads, precision=arguments.precision, warmup=min(200, arguments.steps // 4))


def _training_options(parser: argparse.ArgumentParser, steps: int, batch: int, rate: float) -> None:
    parser.add_argument("--run", type=Path, required=True, help="folder of the run; goes on where it stopped")
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--rate", type=float, default=rate, help="learning rate on the plateau")
    parser.add_argument("--decay", type=int, default=steps // 4, help="last steps, over which the rate falls to 0")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--validate-every", type=int, default=1000)
    parser.add_argument("--patience", type=int, default=0, help="validations without progress before an early stop")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1, help="processes that prepare samples")
    parser.add_argument("--precision", choices=["bf16", "fp16", "fp32"], default="bf16")
    parser.add_argument("--start-from", type=Path, help="checkpoint whose weights to begin with")


def _pack(arguments: argparse.Namespace) -> None:
    from .data.pack import write_pack
    from .data.pairs import find_pairs

    pairs = []
    for folder in arguments.folder:
        pairs += find_pairs(folder, arguments.group, labelled=not arguments.no_opening)
    pack = write_pack(pairs, arguments.output, arguments.side)
    print(f"{len(pack)} pictures of {len(set(pack.groups))} groups in {arguments.output}")


def _opening(arguments: argparse.Namespace) -> None:
    from .mixture import Shares
    from .recipes_opening import OpeningData, train_opening

    shares = Shares(**json.loads(arguments.shares)) if arguments.shares else Shares()
    data = OpeningData(
        arguments.drawn, arguments.real, arguments.other, arguments.judged_drawn,
        set(arguments.hold_out or []), shares, arguments.pane_share, arguments.strength)
    print(json.dumps(train_opening(
        data, _plan(arguments), arguments.run, arguments.start_from, arguments.side, arguments.workers)))


def _export(arguments: argparse.Namespace) -> None:
    from .recipes_opening import export_opening

    export_opening(arguments.checkpoint, arguments.output, arguments.version, arguments.training_data, arguments.side)


def _evaluate(arguments: argparse.Namespace) -> None:
    from .evaluate import evaluate_folder

    evaluate_folder(
        arguments.model, arguments.folder, arguments.looks, arguments.hold_out, arguments.json, arguments.sheet,
        arguments.risk_coverage)


def _quantise(arguments: argparse.Namespace) -> None:
    from .quantise import quantise

    quantise(arguments.model, arguments.output, arguments.calibration, arguments.count)


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
    pack.set_defaults(call=_pack)

    opening = commands.add_parser("opening-compact", help="the network that ships: compact U-Net")
    _training_options(opening, 20000, 16, 2e-3)
    opening.add_argument("--drawn", type=Path, nargs="*", default=[], help="packs of phantom stills")
    opening.add_argument("--real", type=Path, help="pack of real close-ups (vocalfolds)")
    opening.add_argument("--other", type=Path, help="pack of pictures without larynx")
    opening.add_argument("--judged-drawn", type=Path, help="pack of phantom stills of other seeds, judged only")
    opening.add_argument("--hold-out", nargs="*", help="patients never trained on")
    opening.add_argument("--shares", help='JSON, e.g. {"drawn":0.6,"set_in":0.15,"close_up":0.15,"no_larynx":0.1}')
    opening.add_argument("--pane-share", type=float, default=0.5, help="whole panes among all views; the rest: crops")
    opening.add_argument("--strength", type=float, default=1.0, help="scales the chance of every fault")
    opening.add_argument("--side", type=int, default=256)
    opening.set_defaults(call=_opening)

    export = commands.add_parser("export", help="checkpoint of opening-compact to ONNX with metadata")
    export.add_argument("checkpoint", type=Path)
    export.add_argument("output", type=Path)
    export.add_argument("--version", default="0.1.0")
    export.add_argument("--training-data", default="Rima phantom; vocalfolds (CC BY 4.0)")
    export.add_argument("--side", type=int, default=256)
    export.set_defaults(call=_export)

    evaluate = commands.add_parser("evaluate", help="scores of a model file on pictures with masks")
    evaluate.add_argument("model", type=Path)
    evaluate.add_argument("folder", type=Path)
    evaluate.add_argument("--looks", type=int, choices=[1, 2], default=2, help="2: locate, then look")
    evaluate.add_argument("--hold-out", nargs="*", help="judge only these patients")
    evaluate.add_argument("--json", action="store_true")
    evaluate.add_argument("--sheet", type=Path, help="contact sheet of the worst and some others")
    evaluate.add_argument("--risk-coverage", action="store_true")
    evaluate.set_defaults(call=_evaluate)

    quantise = commands.add_parser("quantise", help="int8 variant of a model file")
    quantise.add_argument("model", type=Path)
    quantise.add_argument("output", type=Path)
    quantise.add_argument("--calibration", type=Path, required=True, help="pack of pictures the ranges are taken from")
    quantise.add_argument("--count", type=int, default=200)
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
