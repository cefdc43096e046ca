// One test: its curve with the frame at the cursor, its stages and their editing, its report.
import {
  byId, clock, get, isRunning, kinds, make, percent, reasonWords, say, seconds, send, session, sourceWords, stateWords,
  when,
} from './api.js';
import { closureNote, pastColumns } from './live.js';
import { Plot, scale, stageTints } from './plot.js';
import { stageTable } from './table.js';

const columnsShown = 1400;

/// A stage without a name is a stretch that belongs to none.
const noStage = 'no stage';

export class Test {
  constructor(service) {
    this.service = service;
    this.curve = new Plot(byId('test-curve'));
    this.closures = new Plot(byId('test-closures'));
    const canvas = byId('test-curve');
    canvas.addEventListener('pointermove', (event) => this.point(event));
    canvas.addEventListener('pointerdown', (event) => { canvas.setPointerCapture(event.pointerId); this.grab(event); });
    canvas.addEventListener('pointerup', () => { this.held = null; });
    canvas.addEventListener('keydown', (event) => this.key(event));
    window.addEventListener('resize', () => this.draw());
    byId('editor-form').addEventListener('submit', (event) => { event.preventDefault(); this.save(); });
    byId('editor-undo').addEventListener('click', () => this.reset());
    byId('report-card').addEventListener('toggle', () => this.report());
    document.addEventListener('keydown', (event) => this.digit(event));
  }

  async enter(name) {
    this.name = name;
    this.data = null;
    this.rows = new Map();
    this.at = null;
    byId('test-title').textContent = 'Test ' + name;
    document.title = 'Test ' + name + ' – Rima';
    byId('test-table').replaceChildren();
    byId('report').removeAttribute('src');
    byId('report-card').open = false;
    this.picture(null);
    await this.load();
  }

  leave() { this.name = null; }

  async load() {
    const name = this.name;
    try {
      const root = session(name);
      const [head, curve, breaths, summary, marks] = await Promise.all([
        get(root), get(root + '/curve?points=' + columnsShown), get(root + '/breaths'), get(root + '/summary'),
        get(root + '/marks'),
      ]);
      if (name !== this.name) return;
      this.data = { head, curve, columns: pastColumns(curve), ...breaths, summary, marks: marks.marks };
    } catch (error) {
      byId('test-state').textContent = error.message;
      return;
    }
    const { head, summary } = this.data;
    byId('test-state').textContent = [stateWords(head.state), when(head.began),
      `${head.measured} of ${head.decoded} frames measured`].filter(Boolean).join(' · ');
    this.links(head);
    byId('test-closure-note').textContent = closureNote(this.service.narrowing_bands);
    byId('test-table').replaceChildren(stageTable(summary, (shown) => this.go(shown.t_s, shown.frame)));
    this.history();
    this.reset();
    this.go(summary.stages[summary.worst_stage ?? 0]?.worst?.t_s ?? 0);
  }

  links(head) {
    const root = '/api/v1' + session(this.name);
    const links = [];
    if (isRunning(head.state)) links.push(make('a', { href: '#/live/' + encodeURIComponent(this.name) }, 'Watch live'));
    if (head.has_report) {
      links.push(make('a', { href: root + '/report.html', target: '_blank', rel: 'noopener' }, 'Open the report'),
        make('a', { href: root + '/stages.csv', download: this.name + '-stages.csv' }, 'stages.csv'),
        make('a', { href: root + '/breaths.csv', download: this.name + '-breaths.csv' }, 'breaths.csv'));
    }
    links.push(make('a', { href: root + '/samples.csv', download: this.name + '-samples.csv' }, 'samples.csv'));
    byId('test-links').replaceChildren(...links);
    byId('report-card').hidden = !head.has_report;
  }

  report() {
    const frame = byId('report');
    if (byId('report-card').open && !frame.hasAttribute('src')) {
      frame.src = '/api/v1' + session(this.name) + '/report.html';
    }
  }

  // The curve

  get duration() { return Math.max(0.04, this.data.curve.duration_s); }

  get spans() {
    const sorted = [...this.stages].filter((stage) => stage.t_s != null).sort((a, b) => a.t_s - b.t_s);
    return sorted.map((stage, index) => ({
      label: stage.label, from: stage.t_s, to: index + 1 < sorted.length ? sorted[index + 1].t_s : this.duration, stage,
    }));
  }

  draw() {
    if (!this.data || byId('view-test').hidden) return;
    const { columns, breaths, interruptions } = this.data;
    const axis = scale(columns.reduce((max, column) => Math.max(max, column.high || 0), 0));
    const spans = this.spans;
    const plot = this.curve;
    plot.begin(0, this.duration, axis.most);
    plot.stages(spans);
    columns.filter((column) => column.frames && column.low == null).forEach((column) => plot.gap(column.from, column.to));
    plot.levels(axis.levels, axis.words);
    plot.columns(columns);
    plot.stageNames(spans);
    plot.interruptions(interruptions);
    plot.times(12);
    plot.cursor(this.at);
    const limits = this.service.narrowing_bands;
    const low = this.closures;
    low.begin(0, this.duration, 1);
    low.stages(spans);
    low.levels([0, ...limits, 1], [0, ...limits, 1].map((value) => percent(value)));
    low.breaths(breaths, limits);
    low.times(12);
    low.cursor(this.at);
    byId('test-closures').setAttribute('aria-label',
      `Closure of ${breaths.length} breaths; the stage table has the numbers`);
  }

  grab(event) {
    this.held = null;
    if (!this.data) return;
    const x = event.offsetX;
    // A stage's beginning can be taken and moved where it is drawn.
    if (this.mayEdit) this.held = this.spans.find((span) => Math.abs(this.curve.x(span.from) - x) < 6)?.stage || null;
    this.point(event);
  }

  point(event) {
    if (!this.data) return;
    const t = this.curve.time(event.offsetX);
    if (this.held && event.buttons) {
      this.held.t_s = Math.round(t * 10) / 10;
      this.changed();
      this.rowsOfEditor();
    }
    this.go(t);
  }

  key(event) {
    if (!this.data) return;
    const frame = 1 / this.rate;
    const steps = {
      ArrowLeft: event.shiftKey ? -1 : -frame, ArrowRight: event.shiftKey ? 1 : frame, PageUp: -10, PageDown: 10,
    };
    if (event.key === 'Home') this.go(0);
    else if (event.key === 'End') this.go(this.duration);
    else if (steps[event.key]) this.go((this.at || 0) + steps[event.key]);
    else return;
    event.preventDefault();
  }

  get rate() { return this.data.head.decoded > 1 ? (this.data.head.decoded - 1) / this.duration : 25; }

  /// Puts the cursor on a time; the picture follows when it rests.
  go(t, frame) {
    if (!this.data) return;
    this.at = Math.min(this.duration, Math.max(0, t));
    this.draw();
    const canvas = byId('test-curve');
    canvas.setAttribute('aria-valuemax', this.duration.toFixed(1));
    canvas.setAttribute('aria-valuenow', this.at.toFixed(2));
    this.facts(null);
    clearTimeout(this.restTimer);
    this.restTimer = setTimeout(() => this.rest(frame), 60);
  }

  async rest(wanted) {
    const name = this.name;
    const at = this.at;
    const row = wanted != null ? await this.row(wanted) : await this.rowAt(at);
    if (!row || name !== this.name || at !== this.at) return;
    this.facts(row);
    await this.picture(row);
  }

  async rowAt(t) {
    const column = this.data.columns.findLast((c) => c.frame != null && c.from <= t + 1e-6) ||
      this.data.columns.find((c) => c.frame != null);
    if (!column) return null;
    const rows = await this.near(column.frame);
    return rows.reduce((best, row) => Math.abs(row.t_s - t) < Math.abs(best.t_s - t) ? row : best, rows[0]);
  }

  async row(frame) { return (await this.near(frame)).find((row) => row.frame === frame); }

  /// Rows around a frame, read in pieces and kept.
  async near(frame) {
    const piece = Math.floor(frame / 500);
    const pieces = [piece, piece + 1];
    for (const p of pieces) {
      if (!this.rows.has(p)) {
        const from = p * 500;
        this.rows.set(p, get(session(this.name) + `/samples?from_frame=${from}&to_frame=${from + 500}&limit=500`)
          .then((answer) => answer.samples).catch(() => []));
      }
    }
    return (await Promise.all(pieces.map((p) => this.rows.get(p)))).flat();
  }

  facts(row) {
    const stage = this.spans.findLast((span) => span.from <= this.at + 1e-6);
    const breath = this.data.breaths.find((b) => b.start_s <= this.at && this.at < b.end_s);
    const pause = this.data.interruptions.find((i) => i.start_s <= this.at && this.at < i.end_s);
    const facts = [['Time', clock(row ? row.t_s : this.at, 2)], ['Stage', stage?.label || 'none']];
    if (row) {
      facts.push(['Frame', String(row.frame)], ['Opening', row.state === 'measured'
        ? `${percent(row.area_fov_ratio, 1)} of the field of view` : 'not measured: ' + reasonWords(row.reasons)]);
    }
    if (pause) facts.push(['Here', kinds[pause.kind]]);
    else if (breath) {
      facts.push(['Breath', `closes ${percent(breath.closure_ratio)}` + (breath.usable ? '' : ', too little seen')]);
    }
    byId('test-facts').replaceChildren(...facts.flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)]));
    const text = facts.map(([name, value]) => `${name} ${value}`).join(', ');
    byId('test-curve').setAttribute('aria-valuetext', text);
  }

  async picture(row) {
    const img = byId('test-picture').querySelector('img');
    const none = byId('test-picture').querySelector('.picture-none');
    if (!row) {
      img.hidden = true;
      none.hidden = false;
      none.textContent = 'Move over the curve';
      return;
    }
    const at = this.at;
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const answer = await fetch('/api/v1' + session(this.name) + `/frames/${row.frame}.jpg`);
      if (at !== this.at || !this.name) return;
      if (answer.ok) {
        const url = URL.createObjectURL(await answer.blob());
        const last = img.src;
        img.src = url;
        await img.decode().catch(() => {});
        if (last.startsWith('blob:')) URL.revokeObjectURL(last);
        img.hidden = false;
        none.hidden = true;
        img.alt = `Endoscope picture of frame ${row.frame}`;
        return;
      }
      // Busy with frames that the cursor has left already.
      if (answer.status !== 429) {
        img.hidden = true;
        none.hidden = false;
        none.textContent = 'The recording does not show this frame: ' + (await answer.json()).error;
        return;
      }
      await new Promise((done) => setTimeout(done, 150));
      if (at !== this.at) return;
    }
  }

  // Stages

  get mayEdit() { return this.data.head.may_edit; }

  reset() {
    const holding = this.data.marks.filter((mark) => mark.holds && mark.t_s != null);
    this.stages = holding.map((mark) => ({ label: mark.label, t_s: mark.t_s }));
    this.isChanged = false;
    byId('editor-said').textContent = '';
    const may = this.mayEdit;
    byId('editor-note').textContent = may
      ? 'Put the cursor where a stage begins and press its button or its number. Beginnings can be dragged on the '
        + 'curve. The old stages stay in the history; no frame is measured again.'
      : isRunning(this.data.head.state) ? 'Stages can be edited when the recording is over.'
        : 'This page only shows. Stages are edited with “rima report --stage”, or here when web.allow_marks is true.';
    byId('editor-form').hidden = !may;
    byId('editor-buttons').hidden = !may;
    byId('editor-buttons').replaceChildren(...this.service.stages.slice(0, 9).map((label, index) =>
      make('button', { type: 'button', onclick: () => this.begin(label), 'aria-keyshortcuts': String(index + 1) },
        make('kbd', {}, String(index + 1)), label)), make('button', { type: 'button', onclick: () => this.begin('') }, 'End stage'));
    this.rowsOfEditor();
    this.buttonsOfEditor();
    this.draw();
  }

  begin(label) {
    const t = Math.round((this.at || 0) * 100) / 100;
    const same = label && this.stages.find((stage) => stage.label === label);
    if (same) same.t_s = t;
    else this.stages.push({ label, t_s: t });
    say(`${label || noStage} from ${clock(t, 1)}`);
    this.changed();
    this.rowsOfEditor();
  }

  digit(event) {
    if (byId('view-test').hidden || !this.data || !this.mayEdit) return;
    if (event.ctrlKey || event.altKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    const label = this.service.stages['123456789'.indexOf(event.key)];
    if (label) this.begin(label);
  }

  changed() {
    this.isChanged = true;
    byId('editor-said').textContent = 'Not saved yet.';
    this.buttonsOfEditor();
    this.draw();
  }

  buttonsOfEditor() {
    byId('editor-save').disabled = !this.isChanged || !this.stages.length;
    byId('editor-undo').disabled = !this.isChanged;
  }

  rowsOfEditor() {
    this.stages.sort((a, b) => (a.t_s ?? Infinity) - (b.t_s ?? Infinity));
    const rows = this.stages.map((stage, index) => {
      const tint = make('i', { 'aria-hidden': 'true' });
      tint.style.background = stageTints[index % stageTints.length];
      const name = make('input', { type: 'text', maxlength: 64, value: stage.label, placeholder: noStage,
        'aria-label': `Name of stage ${index + 1}; empty ends the one before` });
      name.addEventListener('input', () => { stage.label = name.value; this.changed(); });
      const time = make('input', {
        type: 'text', inputmode: 'decimal', value: clock(stage.t_s, 1), 'aria-label': `Beginning of ${stage.label || noStage}`,
      });
      time.addEventListener('change', () => {
        const t = seconds(time.value);
        time.setAttribute('aria-invalid', String(t == null));
        if (t == null) return;
        stage.t_s = Math.min(t, this.duration);
        this.changed();
        this.rowsOfEditor();
      });
      const show = make('button', { type: 'button', onclick: () => this.go(stage.t_s) }, 'Show');
      const remove = make('button', {
        type: 'button', 'aria-label': 'Remove ' + (stage.label || noStage),
        onclick: () => { this.stages = this.stages.filter((other) => other !== stage); this.changed(); this.rowsOfEditor(); },
      }, 'Remove');
      return make('div', { class: 'stage-row' }, tint, name, time, show, remove);
    });
    if (!rows.length) rows.push(make('p', { class: 'quiet' }, 'No stages are set: the whole recording counts as one.'));
    byId('editor-rows').replaceChildren(...rows);
  }

  async save() {
    const said = byId('editor-said');
    byId('editor-save').disabled = true;
    said.textContent = 'Saving…';
    const began = performance.now();
    try {
      await send('PUT', session(this.name) + '/stages', {
        stages: this.stages.map(({ label, t_s: t }) => ({ label: label.trim(), t_s: t })),
      });
      const took = ((performance.now() - began) / 1000).toFixed(1);
      const at = this.at;
      await this.load();
      this.go(at);
      said.textContent = `Saved; table and report are new (${took} s).`;
      const frame = byId('report');
      if (frame.hasAttribute('src')) frame.src = String(frame.getAttribute('src'));
    } catch (error) {
      said.textContent = 'Not saved: ' + error.message;
      this.buttonsOfEditor();
    }
  }

  history() {
    const marks = this.data.marks;
    byId('history-card').hidden = !marks.some((mark) => !mark.holds);
    byId('history').replaceChildren(make('table', {},
      make('thead', {}, make('tr', {}, ...['Set', 'Stage', 'From', 'Origin', ''].map((head) => make('th', { scope: 'col' }, head)))),
      make('tbody', {}, ...marks.map((mark, index) => make('tr', {},
        make('td', {}, String(index + 1)), make('th', { scope: 'row' }, mark.label || noStage),
        make('td', {}, clock(mark.t_s, 1)),
        make('td', {}, sourceWords(mark.source)), make('td', {}, mark.holds ? 'holds' : 'replaced'))))));
  }
}
