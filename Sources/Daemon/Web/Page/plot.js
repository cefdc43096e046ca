// Curves on a canvas: time to the right, nothing drawn where nothing was measured.
import { clock } from './api.js';

export const colours = {
  ink: '#15191e', soft: '#4a5561', line: '#d3dae1', blue: '#1f4e8c', orange: '#b34a00', hatch: '#8a94a0', pale: '#dfe5ea',
};
/// Bands of stages: told apart by their names; the tints only help.
export const stageTints = ['#e8f0f8', '#eef3ea', '#fdf3e1', '#f8e9e4', '#ecebf5', '#e6f2f2'];

let hatching = null;
function hatch(context) {
  if (!hatching) {
    const tile = document.createElement('canvas');
    tile.width = 8;
    tile.height = 8;
    const t = tile.getContext('2d');
    t.fillStyle = '#eceff2';
    t.fillRect(0, 0, 8, 8);
    t.strokeStyle = colours.hatch;
    t.lineWidth = 1;
    t.beginPath();
    for (const at of [-8, 0, 8]) { t.moveTo(at - 1, 9); t.lineTo(at + 9, -1); }
    t.stroke();
    hatching = context.createPattern(tile, 'repeat');
  }
  return hatching;
}

/// One canvas with axes.
export class Plot {
  constructor(canvas, { left = 46, right = 10, top = 8, bottom = 20 } = {}) {
    Object.assign(this, { canvas, left, right, top, bottom });
    this.height = Number(canvas.getAttribute('height'));
    canvas.style.height = this.height + 'px';
    this.from = 0;
    this.to = 1;
    this.most = 1;
  }

  /// Clears the canvas and sets the axes: seconds `from` to `to`, values 0 to `most`.
  begin(from, to, most) {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.max(60, this.canvas.clientWidth);
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(this.height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(this.height * ratio);
    }
    Object.assign(this, { width, from, to: Math.max(to, from + 1e-6), most });
    const c = this.context = this.canvas.getContext('2d');
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, width, this.height);
    c.font = '12px system-ui, "DejaVu Sans", sans-serif';
    c.textBaseline = 'middle';
    return c;
  }

  x(t) { return this.left + (t - this.from) / (this.to - this.from) * (this.width - this.left - this.right); }
  y(v) { return this.height - this.bottom - Math.min(1.02, v / this.most) * (this.height - this.bottom - this.top); }
  time(x) {
    const share = (x - this.left) / (this.width - this.left - this.right);
    return this.from + Math.min(1, Math.max(0, share)) * (this.to - this.from);
  }
  get foot() { return this.height - this.bottom; }

  levels(values, words, strong = []) {
    const c = this.context;
    c.textAlign = 'right';
    values.forEach((value, index) => {
      const y = Math.round(this.y(value)) + 0.5;
      c.strokeStyle = strong.includes(value) ? colours.soft : colours.line;
      c.lineWidth = 1;
      c.beginPath();
      c.moveTo(this.left, y);
      c.lineTo(this.width - this.right, y);
      c.stroke();
      c.fillStyle = colours.soft;
      c.fillText(words[index], this.left - 6, y);
    });
  }

  times(wanted = 8) {
    const c = this.context;
    const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
    const step = steps.find((s) => (this.to - this.from) / s <= wanted) || 3600;
    c.fillStyle = colours.soft;
    c.strokeStyle = colours.soft;
    c.textAlign = 'center';
    for (let t = Math.ceil(this.from / step) * step; t <= this.to; t += step) {
      const x = Math.round(this.x(t)) + 0.5;
      c.beginPath();
      c.moveTo(x, this.foot);
      c.lineTo(x, this.foot + 4);
      c.stroke();
      if (x > this.left - 8 && x < this.width - 12) c.fillText(clock(t), x, this.foot + 12);
    }
    c.beginPath();
    c.moveTo(this.left, this.foot + 0.5);
    c.lineTo(this.width - this.right, this.foot + 0.5);
    c.stroke();
  }

  /// Stages as tinted bands with their names; each is {label, from, to}.
  stages(stages) {
    const c = this.context;
    c.textAlign = 'left';
    stages.forEach((stage, index) => {
      const a = Math.max(this.left, this.x(stage.from));
      const b = Math.min(this.width - this.right, this.x(stage.to));
      if (b <= a) return;
      c.fillStyle = stageTints[index % stageTints.length];
      c.fillRect(a, this.top, b - a, this.foot - this.top);
      if (stage.from >= this.from) {
        c.strokeStyle = colours.soft;
        c.lineWidth = 1;
        c.beginPath();
        c.moveTo(Math.round(a) + 0.5, this.top);
        c.lineTo(Math.round(a) + 0.5, this.foot);
        c.stroke();
      }
    });
  }

  /// Names go on last, over the curve, on a plate of their own.
  stageNames(stages) {
    const c = this.context;
    c.textAlign = 'left';
    c.font = '600 12px system-ui, "DejaVu Sans", sans-serif';
    stages.forEach((stage) => {
      const a = Math.max(this.left, this.x(stage.from));
      const b = Math.min(this.width - this.right, this.x(stage.to));
      if (b - a < 16) return;
      let name = stage.label;
      while (name.length > 1 && c.measureText(name).width > b - a - 8) name = name.slice(0, -1);
      if (name !== stage.label) name = name.slice(0, -1) + '…';
      c.fillStyle = 'rgba(255,255,255,.8)';
      c.fillRect(a + 2, this.top + 1, c.measureText(name).width + 6, 16);
      c.fillStyle = colours.ink;
      c.fillText(name, a + 5, this.top + 9);
    });
    c.font = '12px system-ui, "DejaVu Sans", sans-serif';
  }

  /// A span in which nothing was measured.
  gap(from, to) {
    const a = Math.max(this.left, this.x(from));
    const b = Math.min(this.width - this.right, this.x(to));
    if (b <= a) return;
    this.context.fillStyle = hatch(this.context);
    this.context.fillRect(a, this.top, Math.max(1, b - a), this.foot - this.top);
  }

  /// A line through measured points [t, v]; a null value, or a hole longer than `hole` seconds, breaks it.
  line(points, hole = 0.5) {
    const c = this.context;
    c.strokeStyle = colours.blue;
    c.lineWidth = 1.8;
    c.lineJoin = 'round';
    c.beginPath();
    let last = null;
    for (const point of points) {
      if (point[1] == null) { last = null; continue; }
      const [x, y] = [this.x(point[0]), this.y(point[1])];
      if (last == null || point[0] - last > hole) c.moveTo(x, y);
      else c.lineTo(x, y);
      last = point[0];
    }
    c.stroke();
  }

  /// Columns from lowest to highest.
  columns(columns) {
    const c = this.context;
    c.fillStyle = colours.blue;
    let last = null;
    for (const column of columns) {
      if (column.low == null) {
        if (column.frames) last = null;
        continue;
      }
      const a = this.x(column.from);
      const b = this.x(column.to);
      // Neighbours touch, so that a steep curve stays one line where a column holds a frame or two.
      const near = last && column.from - last.to < 0.5 ? last : column;
      const top = this.y(Math.max(column.high, near.low));
      c.fillRect(a, top, Math.max(1, b - a), Math.max(1.4, this.y(Math.min(column.low, near.high)) - top));
      last = column;
    }
  }

  /// Closure of each breath as a bar from its start to its end.
  breaths(breaths, limits, chosen) {
    const c = this.context;
    for (const breath of breaths) {
      const a = this.x(breath.start_s);
      const b = this.x(breath.end_s);
      if (b < this.left || a > this.width - this.right) continue;
      const left = Math.max(this.left, a + 0.8);
      const width = Math.max(1.5, Math.min(this.width - this.right, b - 0.8) - left);
      const y = this.y(breath.closure_ratio);
      if (breath.usable) {
        c.fillStyle = breath.closure_ratio >= limits[1] ? colours.orange : colours.blue;
        if (chosen === breath.breath) c.fillStyle = colours.ink;
        c.fillRect(left, y, width, Math.max(1.5, this.foot - y));
      } else {
        c.strokeStyle = colours.soft;
        c.setLineDash([2, 2]);
        c.strokeRect(left + 0.5, y, Math.max(1, width - 1), Math.max(1, this.foot - y));
        c.setLineDash([]);
      }
    }
  }

  /// Swallows, coughs and talking: letters at the foot.
  interruptions(list) {
    const c = this.context;
    c.textAlign = 'center';
    for (const item of list) {
      const x = this.x((item.start_s + item.end_s) / 2);
      if (x < this.left || x > this.width - this.right) continue;
      c.fillStyle = 'rgba(255,255,255,.85)';
      c.fillRect(x - 6, this.foot - 15, 12, 14);
      c.fillStyle = colours.ink;
      c.fillText({ swallow: 'S', cough: 'C', voice: 'T' }[item.kind] || '?', x, this.foot - 8);
    }
  }

  cursor(t) {
    if (t == null || t < this.from || t > this.to) return;
    const c = this.context;
    const x = Math.round(this.x(t)) + 0.5;
    c.strokeStyle = colours.ink;
    c.lineWidth = 1;
    c.beginPath();
    c.moveTo(x, 0);
    c.lineTo(x, this.foot);
    c.stroke();
    c.fillStyle = colours.ink;
    c.beginPath();
    c.moveTo(x - 5, 0);
    c.lineTo(x + 5, 0);
    c.lineTo(x, 7);
    c.fill();
  }
}

/// A round number a little above `value`, and steps up to it.
export function scale(value) {
  const most = Math.max(value * 1.08, 0.004);
  const unit = 10 ** Math.floor(Math.log10(most));
  const step = [0.2, 0.25, 0.5, 1, 2].map((s) => s * unit).find((s) => most / s <= 5) || unit * 2;
  const levels = [];
  for (let v = 0; v <= most + 1e-9; v += step) levels.push(v);
  const places = step < 0.001 ? 2 : step < 0.01 ? 1 : 0;
  return { most, levels, words: levels.map((v) => (v * 100).toFixed(places) + ' %') };
}
