"""What a user would write to measure a recording: OpenCV decodes, ONNX Runtime segments, pixels are counted.

The benchmarks compare `rima analyze` with it. It does far less: no gate, no tracking, no subpixel outline, no store;
and it is told where the endoscope picture lies.

    python Benchmarks/user_script.py RECORDING MODEL.onnx OUT.csv [--pane X Y WIDTH HEIGHT]
"""

import argparse
import csv

import cv2
import numpy as np
import onnxruntime

parser = argparse.ArgumentParser()
parser.add_argument("recording")
parser.add_argument("model")
parser.add_argument("output")
parser.add_argument("--pane", type=int, nargs=4)
arguments = parser.parse_args()

session = onnxruntime.InferenceSession(arguments.model, providers=["CPUExecutionProvider"])
image = session.get_inputs()[0]
height, width = image.shape[2:]
video = cv2.VideoCapture(arguments.recording)
with open(arguments.output, "w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["frame", "t_s", "area_px"])
    frame = 0
    while True:
        ok, picture = video.read()
        if not ok:
            break
        if arguments.pane:
            x, y, w, h = arguments.pane
            picture = picture[y:y + h, x:x + w]
        small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        small = cv2.cvtColor(small, cv2.COLOR_BGR2RGB).astype(np.float32)
        values = ((small / 255 - 0.5) / 0.25).transpose(2, 0, 1)[None]
        logits = session.run(None, {image.name: values})[0]
        mask = logits[0, 0] > 0
        scale = picture.shape[0] * picture.shape[1] / (height * width)
        rows.writerow([frame, video.get(cv2.CAP_PROP_POS_MSEC) / 1000, float(mask.sum() * scale)])
        frame += 1
