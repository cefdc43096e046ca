// Made by scripts/embed-page from Sources/Daemon/Web/Page/live.js: change that file, not this one.

// swift-format-ignore-file

extension PageAssets {
static let liveJs = ##"""
// The running test: what is seen now, the last minutes, every breath, and the buttons that begin a stage.
import {
  bandOf, bandWords, byId, clock, get, isRunning, make, percent, reasonWords, say, send, session, stateWords,
} from './api.js';
import { Plot, scale } from './plot.js';
import { stageTable } from './table.js';

const shownSeconds = 120;
const pictureEvery = 100;

/// When rows were drawn, for whoever measures how long that takes: {seq, at} with `at` in Unix milliseconds.
const painted = [];
window.rima = { painted };

export class Live {
  constructor(service) {
    this.service = service;
    this.plots = { recent: new Plot(byId('recent')), closures: new Plot(byId('closures')), whole: new Plot(byId('whole')) };
    this.isHere = false;
    this.wanted = null;
    byId('live-session').addEventListener('change', (event) => this.open(event.target.value));
    byId('outline').addEventListener('change', () => this.drawOutline());
    document.addEventListener('keydown', (event) => this.key(event));
    window.addEventListener('resize', () => this.later(true));
    document.addEventListener('visibilitychange', () => this.later(true));
  }

  enter(name) {
    this.isHere = true;
    this.wanted = name;
    this.buttons();
    this.look();
    this.lookTimer = setInterval(() => this.look(), 3000);
    this.secondTimer = setInterval(() => this.second(), 1000);
  }

  leave() {
    this.isHere = false;
    clearInterval(this.lookTimer);
    clearInterval(this.secondTimer);
    this.close();
    byId('banner').hidden = true;
    byId('link').textContent = '';
    byId('link').classList.remove('on');
  }

  // Which test

  async look() {
    let list;
    try {
      list = (await get('/sessions?limit=50')).sessions;
    } catch {
      return;
    }
    if (!this.isHere) return;
    const running = list.filter((item) => isRunning(item.state));
    const choice = byId('live-session');
    const names = running.map((item) => item.session);
    if (this.name && !names.includes(this.name)) names.push(this.name);
    byId('live-choice').hidden = names.length < 2;
    if ([...choice.options].map((o) => o.value).join() !== names.join()) {
      choice.replaceChildren(...names.map((name) => make('option', { value: name }, name)));
    }
    if (this.name) choice.value = this.name;
    byId('closure-note').textContent = closureNote(this.service.narrowing_bands);
    if (this.wanted && this.wanted !== this.name && list.some((item) => item.session === this.wanted)) {
      this.open(this.wanted);
      this.wanted = null;
    } else if (running.length && (!this.name || (this.isOver && !running.some((item) => item.session === this.name)))) {
      this.open(running[0].session);
    }
    const isShown = Boolean(this.name);
    byId('live-none').hidden = isShown;
    byId('live-body').hidden = !isShown;
  }

  async open(name) {
    this.close();
    Object.assign(this, {
      name, isOver: false, rows: [], past: null, breaths: [], interruptions: [], marks: [], summary: null, seq: -1,
      lastRowAt: 0, state: '', accounting: null, run: (this.run || 0) + 1, counted: { decoded: 0, measured: 0 },
    });
    const run = this.run;
    byId('live-none').hidden = true;
    byId('live-body').hidden = false;
    byId('live-title').textContent = 'Test ' + name;
    document.title = 'Test ' + name + ' – Rima';
    this.marksMay();
    try {
      const head = await get(session(name));
      this.state = head.state;
      this.isOver = !isRunning(head.state);
      this.marksMay();
      if (head.decoded > 0) {
        const from = Math.max(0, head.decoded - 5000);
        const [samples, past, breaths, marks] = await Promise.all([
          get(session(name) + '/samples?limit=8000&from_frame=' + from), get(session(name) + '/curve?points=1500'),
          get(session(name) + '/breaths'), get(session(name) + '/marks'),
        ]);
        if (run !== this.run) return;
        this.past = past;
        this.breaths = breaths.breaths;
        this.interruptions = breaths.interruptions;
        this.marks = marks.marks.filter((mark) => mark.holds && mark.t_s != null);
        for (const row of samples.samples) this.take(row);
        // The rows read here are part of the account already.
        this.counted = { decoded: head.decoded, measured: head.measured };
        this.seq = Math.max(this.seq, ...marks.marks.map((mark) => mark.seq));
      }
    } catch (error) {
      if (error.status !== 409) byId('live-state').textContent = error.message;
    }
    if (run !== this.run) return;
    this.listen();
    this.pictures(run);
    this.table();
    this.later(true);
  }

  close() {
    this.source?.close();
    this.source = null;
    this.run = (this.run || 0) + 1;
    this.name = null;
  }

  // Events

  listen() {
    const query = 'session=' + encodeURIComponent(this.name) + '&from_seq=' + (this.seq + 1);
    const source = new EventSource('/api/v1/events?' + query);
    this.source = source;
    const link = byId('link');
    source.onopen = () => { link.textContent = 'connected'; link.classList.add('on'); };
    source.onerror = () => {
      link.textContent = 'connection lost, trying again';
      link.classList.remove('on');
    };
    source.onmessage = (event) => this.event(JSON.parse(event.data));
  }

  event(event) {
    if (event.session && event.session !== this.name) return;
    switch (event.type) {
      case 'sample':
        if (event.seq <= this.seq) return;
        this.take(event);
        this.counted.decoded += 1;
        if (event.state === 'measured') this.counted.measured += 1;
        break;
      case 'mark':
        this.seq = Math.max(this.seq, event.seq);
        if (!this.marks.some((mark) => mark.seq === event.seq)) {
          this.marks.push({ ...event, t_s: this.rows.length ? this.rows.at(-1).t_s : 0 });
          say('Stage ' + event.label + ' begins');
        }
        this.table();
        break;
      case 'breath':
        this.breaths = this.breaths.filter((breath) => breath.breath !== event.breath);
        this.breaths.push(event);
        this.numbers();
        break;
      case 'interruption': this.interruptions.push(event); break;
      case 'stage': this.table(); break;
      case 'state': this.state = event.state; break;
      case 'end':
        this.isOver = true;
        this.state = 'complete';
        say('The recording is over');
        this.table();
        break;
      default: return;
    }
    this.later();
  }

  take(row) {
    this.seq = Math.max(this.seq, row.seq);
    this.rows.push(row);
    this.lastRowAt = performance.now();
    // Half an hour at 60 frames a second.
    if (this.rows.length > 110000) this.rows.splice(0, 10000);
  }

  // Drawing

  later(isAll = false) {
    this.drawsAll = this.drawsAll || isAll;
    if (this.frame || !this.isHere || !this.name) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      if (this.isHere && this.name) this.draw();
    });
  }

  draw() {
    const row = this.rows.at(-1);
    const end = Math.max(shownSeconds, row ? row.t_s : 0);
    const from = end - shownSeconds;
    let low = this.rows.length;
    while (low > 0 && this.rows[low - 1].t_s >= from) low -= 1;
    const visible = this.rows.slice(low);
    const most = visible.reduce((max, r) => Math.max(max, r.area_fov_ratio || 0), 0);
    const axis = scale(this.axisMost = Math.max(most, (this.axisMost || 0) * 0.995));
    const stages = this.stages(end);
    const recent = this.plots.recent;
    recent.begin(from, end, axis.most);
    recent.stages(stages);
    this.gaps(visible, from).forEach(([a, b]) => recent.gap(a, b));
    recent.levels(axis.levels, axis.words);
    recent.line(visible.map((r) => [r.t_s, r.area_fov_ratio]));
    recent.stageNames(stages);
    recent.interruptions(this.interruptions);
    recent.times();
    const closures = this.plots.closures;
    closures.begin(from, end, 1);
    closures.stages(stages);
    const limits = this.service.narrowing_bands;
    closures.levels([0, ...limits, 1], [0, ...limits, 1].map((v) => percent(v)), []);
    closures.breaths(this.breaths, limits);
    closures.times();
    if (row) {
      painted.push({ seq: row.seq, at: performance.timeOrigin + performance.now() });
      if (painted.length > 2000) painted.shift();
    }
    this.gate(row);
    if (this.drawsAll || !this.wholeAt || performance.now() - this.wholeAt > 1000) this.drawWhole();
    this.drawsAll = false;
  }

  drawWhole() {
    this.wholeAt = performance.now();
    const end = Math.max(10, this.rows.length ? this.rows.at(-1).t_s : 0);
    const whole = this.plots.whole;
    const past = pastColumns(this.past);
    const liveFrom = past.length ? past.at(-1).to : 0;
    const columns = past.concat(columnsOf(this.rows.filter((r) => r.t_s >= liveFrom), end / 900));
    const most = columns.reduce((max, c) => Math.max(max, c.high || 0), 0);
    const axis = scale(most);
    whole.begin(0, end, axis.most);
    const stages = this.stages(end);
    whole.stages(stages);
    columns.filter((c) => c.frames && c.low == null).forEach((c) => whole.gap(c.from, c.to));
    whole.levels(axis.levels, axis.words);
    whole.columns(columns);
    whole.stageNames(stages);
    whole.times(12);
  }

  stages(end) {
    return this.marks.map((mark, index) => ({
      label: mark.label, from: mark.t_s, to: index + 1 < this.marks.length ? this.marks[index + 1].t_s : end,
    }));
  }

  gaps(rows, from) {
    const gaps = [];
    let start = null;
    let last = from;
    for (const row of rows) {
      if (row.t_s - last > 0.5) gaps.push([last, row.t_s]);
      if (row.state === 'rejected' && start == null) start = last;
      if (row.state !== 'rejected' && start != null) { gaps.push([start, row.t_s]); start = null; }
      last = row.t_s;
    }
    if (start != null) gaps.push([start, last]);
    return gaps;
  }

  gate(row) {
    const gate = byId('gate');
    const isMeasured = row && row.state === 'measured';
    gate.className = 'gate' + (row ? ' ' + row.state : '');
    byId('gate-word').textContent = !row ? 'Waiting for the first frame' : isMeasured ? 'Measured' : 'Not measured';
    byId('gate-why').textContent = !row ? ''
      : isMeasured ? (row.area_px === 0 ? 'closed, in plain view' : 'larynx in view, sure of the outline: ' + percent(row.confidence))
        : reasonWords(row.reasons);
    byId('now-area').textContent = isMeasured ? percent(row.area_fov_ratio, 1) : '–';
  }

  numbers() {
    const last = this.breaths.filter((breath) => breath.usable).at(-1);
    const limits = this.service.narrowing_bands;
    byId('now-closure').textContent = last ? percent(last.closure_ratio) : '–';
    byId('now-band').textContent = last ? bandWords(bandOf(last.closure_ratio, limits)) + ' narrowing' : 'no breath yet';
    const whole = this.breaths.filter((breath) => breath.whole).slice(-5);
    const spent = whole.reduce((sum, breath) => sum + breath.end_s - breath.start_s, 0);
    byId('now-rate').textContent = whole.length ? (60 * whole.length / spent).toFixed(0) : '–';
  }

  /// What changes with the clock, not with rows.
  second() {
    if (!this.name) return;
    const row = this.rows.at(-1);
    this.numbers();
    const mark = this.marks.at(-1);
    byId('now-stage').textContent = mark ? mark.label : 'none yet';
    byId('now-stage-time').textContent = mark && row ? 'for ' + clock(row.t_s - mark.t_s) : '\u00a0';
    const { decoded, measured } = this.counted;
    byId('now-usable').textContent = decoded ? percent(measured / decoded) : '–';
    byId('now-count').textContent = `${measured} of ${decoded} frames`;
    byId('live-state').textContent = stateWords(this.state) + (row ? ' · ' + clock(row.t_s) : '');
    for (const button of byId('stage-buttons').children) {
      button.setAttribute('aria-pressed', String(Boolean(mark) && button.dataset.label === mark.label));
    }
    this.banner(row);
    byId('recent').setAttribute('aria-label', this.spoken(row));
    byId('closures').setAttribute('aria-label', `Closure of ${this.breaths.length} breaths; the stage table has the numbers`);
    byId('whole').setAttribute('aria-label', `Opening over the whole test, ${clock(row ? row.t_s : 0)} so far`);
    this.marksMay();
  }

  spoken(row) {
    if (!row) return 'Opening of the last two minutes: nothing measured yet';
    const now = row.state === 'measured' ? percent(row.area_fov_ratio, 1) + ' of the field of view' : 'not measured';
    return `Opening of the last two minutes; now ${now}`;
  }

  banner(row) {
    const banner = byId('banner');
    const silent = (performance.now() - this.lastRowAt) / 1000;
    let words = '';
    if (!this.isOver && row && silent > 4) {
      words = `No new frame for ${Math.floor(silent)} s: ${stateWords(this.state)}.`;
    } else if (row && !this.isOver) {
      const late = this.rows.slice(-750).filter((r) => r.t_s > row.t_s - 30);
      const lost = late.filter((r) => r.state === 'rejected');
      if (late.length > 50 && lost.length > late.length / 2) {
        const counts = {};
        for (const r of lost) counts[r.reasons[0]] = (counts[r.reasons[0]] || 0) + 1;
        const reason = Object.entries(counts).sort((a, b) => b[1] - a[1])[0][0];
        words = `${percent(lost.length / late.length)} of the last 30 s could not be measured: ${reasonWords([reason])}.`;
      }
    }
    if (banner.textContent !== words) banner.textContent = words;
    banner.hidden = !words;
    byId('live-picture').classList.toggle('stale', silent > 4);
  }

  async table() {
    clearTimeout(this.tableTimer);
    const run = this.run;
    try {
      const summary = await get(session(this.name) + '/summary');
      if (run !== this.run) return;
      this.summary = summary;
      byId('live-table').replaceChildren(stageTable(summary));
    } catch { /* no rows yet */ }
    if (run === this.run && !this.isOver) this.tableTimer = setTimeout(() => this.table(), 6000);
  }

  // Pictures

  async pictures(run) {
    const img = byId('live-picture').querySelector('img');
    const none = byId('live-picture').querySelector('.picture-none');
    while (run === this.run) {
      const began = performance.now();
      let wait = pictureEvery;
      if (!document.hidden && !this.isOver) {
        try {
          const picture = await get(session(this.name) + '/picture');
          if (run !== this.run) return;
          this.picture = picture;
          const next = 'data:image/jpeg;base64,' + picture.jpeg;
          if (img.src !== next) {
            img.src = next;
            await img.decode().catch(() => {});
          }
          img.hidden = false;
          none.hidden = true;
          img.alt = 'Endoscope picture of frame ' + picture.frame;
          byId('picture-time').textContent = `${clock(picture.t_s, 1)} · frame ${picture.frame}`;
          this.drawOutline();
        } catch {
          wait = 1500;
          if (img.hidden) none.textContent = 'No endoscope picture yet';
        }
      } else {
        wait = 500;
        if (this.isOver && img.hidden) none.textContent = 'The recording is over';
      }
      await new Promise((done) => setTimeout(done, Math.max(5, wait - (performance.now() - began))));
    }
  }

  drawOutline() {
    const svg = byId('live-picture').querySelector('svg');
    const picture = this.picture;
    if (!picture) return;
    svg.setAttribute('viewBox', `0 0 ${picture.width_px} ${picture.height_px}`);
    const rings = byId('outline').checked ? picture.rings : [];
    const d = rings.map((ring) => 'M' + ring.map((point) => point.join(' ')).join('L') + 'Z').join('');
    let path = svg.firstChild;
    if (!path) path = svg.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'path'));
    path.setAttribute('d', d);
  }

  // Marks

  buttons() {
    const labels = this.service.stages.slice(0, 9);
    byId('stage-buttons').replaceChildren(...labels.map((label, index) =>
      make('button', {
        type: 'button', 'data-label': label, 'aria-pressed': 'false', 'aria-keyshortcuts': String(index + 1),
        onclick: () => this.mark(label),
      }, make('kbd', {}, String(index + 1)), label)));
    this.marksMay();
  }

  marksMay() {
    const may = this.service.allow_marks && this.name && !this.isOver;
    for (const button of byId('stage-buttons').children) button.disabled = !may;
    const note = byId('stage-note');
    const words = !this.service.allow_marks
      ? 'This page only shows. Stages are set with “rima mark”, or here when web.allow_marks is true.'
      : this.isOver ? 'The recording is over: stages can now be edited under Tests.'
        : 'A stage lasts until the next one begins. Keys 1 to 5 do the same as the buttons.';
    if (!this.noteHolds && note.textContent !== words) note.textContent = words;
  }

  async mark(label) {
    const note = byId('stage-note');
    this.noteHolds = true;
    try {
      await send('POST', session(this.name) + '/marks', { label });
      note.textContent = label + ' begins now.';
      say(label + ' begins now');
    } catch (error) {
      note.textContent = 'Not set: ' + error.message;
      say(note.textContent);
    }
    clearTimeout(this.noteTimer);
    this.noteTimer = setTimeout(() => { this.noteHolds = false; }, 5000);
  }

  key(event) {
    if (!this.isHere || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== 'checkbox') return;
    const index = '123456789'.indexOf(event.key);
    const button = byId('stage-buttons').children[index];
    if (index < 0 || !button || button.disabled) return;
    event.preventDefault();
    this.mark(button.dataset.label);
  }
}

export const closureNote = (limits) => 'How far the opening narrows within a breath: 0 % stays open, 100 % closes. '
  + `Orange: ${percent(limits[1])} and more. Dashed: too little was seen.`;

export function pastColumns(curve) {
  if (!curve) return [];
  return curve.low.map((low, index) => ({
    from: curve.from_s + index * curve.step_s, to: curve.from_s + (index + 1) * curve.step_s, low,
    high: curve.high[index], frames: curve.frames[index], frame: curve.first_frame[index], reason: curve.reason[index],
  }));
}

function columnsOf(rows, step) {
  const columns = [];
  for (const row of rows) {
    let column = columns.at(-1);
    if (!column || row.t_s >= column.from + step) {
      column = { from: row.t_s, to: row.t_s + step, low: null, high: null, frames: 0 };
      columns.push(column);
    }
    column.frames += 1;
    if (row.area_fov_ratio != null) {
      column.low = Math.min(column.low ?? row.area_fov_ratio, row.area_fov_ratio);
      column.high = Math.max(column.high ?? row.area_fov_ratio, row.area_fov_ratio);
    }
  }
  return columns;
}

"""##
}
