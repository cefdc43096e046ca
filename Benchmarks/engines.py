"""Part (a): the native engine beside ONNX Runtime, OpenVINO and PyTorch, and beside the machine's own peak."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys

from common import BENCH_ENGINE, CACHE, OPENING, OPENING_INT8, ROOT, Report, say, sized
from engine import compare, ratios


def unet_resnet18() -> tuple[str, str] | None:
    """U-Net ResNet-18 at 256x256 with random weights, as the training kit exports it, and its int8 form."""
    plain, quantised = CACHE / "unet-resnet18-256.onnx", CACHE / "unet-resnet18-256.int8.onnx"
    try:
        if not plain.exists():
            sys.path.insert(0, str(ROOT / "training"))
            import torch
            from rima_training.models.zoo import unet_resnet18 as build
            from rima_training.recipes_zoo import export_segmentation

            torch.manual_seed(1)
            CACHE.mkdir(exist_ok=True)
            export_segmentation(build(), plain, "rima-unet-resnet18", "0", 256, ["opening"], "none: random weights")
        if not quantised.exists():
            from quantise import quantise

            quantise(plain, quantised)
    except Exception as error:
        say(f"  U-Net ResNet-18: left out ({type(error).__name__}: {str(error)[:90]})")
        return None
    return str(plain), str(quantised)


def peak_share(model: str, threads: int, quantised: bool) -> tuple[float, float, float]:
    """GMAC, Gop/s and share of the measured register-only peak of the fastest run."""
    command = [BENCH_ENGINE, model, "--threads", str(threads)] + (["--bytes"] if quantised else [])
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"([\d.]+) GMAC.* ([\d.]+) Gop/s, ([\d.]+) % of the peak", text)
    return float(found[1]), float(found[2]), float(found[3])


def measure(report: Report, quick: bool) -> None:
    rounds, seconds, threads = (5, 0.15, 2) if quick else (15, 0.25, 2)
    networks = [("shipped net", str(sized(OPENING)), str(sized(OPENING_INT8)), 0.60)]
    if larger := unet_resnet18():
        networks.append(("U-Net ResNet-18 256x256", *larger, 0.65))
    for name, plain, quantised, target in networks:
        say(f"  {name}")
        times = compare(plain, quantised, str(BENCH_ENGINE), threads, rounds, seconds, say)
        command = f"Benchmarks/engine.py {plain.rsplit('/', 1)[-1]}"
        every = {engine: statistics.median(t for r in turns for t in r) for engine, turns in times.items()}
        report.note(f"{name}, {threads} threads, median ms: " + ", ".join(f"{e} {t:.2f}" for e, t in every.items()))
        value, _ = ratios(times, "native fp32", "onnxruntime fp32")
        report.add(f"native fp32 / ONNX Runtime fp32, {name}", f"{value:.2f}", f"≤ {target:.2f}", value <= target, command)
        for engine in ("openvino fp32", "pytorch fp32"):
            if engine in times:
                value, _ = ratios(times, "native fp32", engine)
                report.add(f"native fp32 / {engine}, {name}", f"{value:.2f}", command=command)
        if "openvino int8" in times:
            value, _ = ratios(times, "native int8", "openvino int8")
            is_shipped = name == "shipped net"
            report.add(
                f"native int8 / OpenVINO int8, {name}", f"{value:.2f}", "≤ 1.00" if is_shipped else "",
                value <= 1.0 if is_shipped else None, command)
        for quantised_form in (False, True):
            gmac, rate, share = peak_share(quantised if quantised_form else plain, threads, quantised_form)
            kind = "int8" if quantised_form else "fp32"
            wanted = quantised_form and name == "shipped net"
            report.add(
                f"{kind} of the measured peak, {name} ({gmac:.2f} GMAC)", f"{share:.0f} %, {rate:.0f} Gop/s",
                "≥ 55 %" if wanted else "", share >= 55 if wanted else None, "bench-engine MODEL --threads 2")
