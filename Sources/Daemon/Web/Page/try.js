// A picture or a clip from the reader's own disk: what gate and network make of it.
import { byId, clock, make, percent, reasonWords, send } from './api.js';
import { Plot, scale } from './plot.js';

export class Try {
  constructor(service) {
    this.service = service;
    const drop = byId('drop');
    for (const name of ['dragenter', 'dragover']) {
      drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add('over'); });
    }
    for (const name of ['dragleave', 'drop']) drop.addEventListener(name, () => drop.classList.remove('over'));
    drop.addEventListener('drop', (event) => { event.preventDefault(); this.file(event.dataTransfer.files[0]); });
    // A file dropped beside the box must not take the page's place.
    for (const name of ['dragover', 'drop']) window.addEventListener(name, (event) => event.preventDefault());
    byId('file').addEventListener('change', (event) => this.file(event.target.files[0]));
  }

  enter() {
    const { allow_trials: may, trial_limit_mb: limit } = this.service;
    byId('file').disabled = !may;
    byId('try-note').textContent = may
      ? `PNG, JPEG or a recording of up to ${limit} MB; the first 20 seconds of a clip are measured. The file is looked `
        + 'at on this machine and not kept.'
      : 'Trials are switched off on this service (web.allow_trials).';
  }

  async file(file) {
    const result = byId('try-result');
    if (!file || !this.service.allow_trials) return;
    if (file.size > this.service.trial_limit_mb * 1048576) {
      result.replaceChildren(this.card(make('p', { class: 'verdict no' }, 'The file is too large.')));
      return;
    }
    result.replaceChildren(this.card(make('p', {}, `Looking at ${file.name}…`)));
    try {
      const answer = await send('POST', '/trials', file);
      result.replaceChildren(answer.kind === 'clip' ? this.clip(answer, file.name) : this.picture(answer, file.name));
      if (answer.kind === 'clip') this.draw(answer);
    } catch (error) {
      result.replaceChildren(this.card(make('p', { class: 'verdict no' }, `${file.name} could not be tried`),
        make('p', {}, error.message)));
    }
    byId('file').value = '';
  }

  card(...children) { return make('div', { class: 'card' }, ...children); }

  verdict(shown) {
    const isMeasured = shown.state === 'measured';
    return make('p', { class: 'verdict' + (isMeasured ? '' : ' no') }, isMeasured ? 'Measured'
      : 'Not measured: ' + reasonWords(shown.reasons));
  }

  bar(share) {
    const fill = make('span');
    fill.style.width = Math.round((share || 0) * 100) + '%';
    return make('div', { class: 'bar', 'aria-hidden': 'true' }, fill);
  }

  facts(shown) {
    const facts = [
      ['Quality', share(shown.quality)], ['Sure of the outline', share(shown.confidence)],
      ['Opening', shown.area_fov_ratio == null ? '–' : percent(shown.area_fov_ratio, 1) + ' of the field of view'],
    ];
    return make('dl', { class: 'facts' }, ...facts.flatMap(([name, value]) =>
      [make('dt', {}, name), make('dd', {}, value,
        name === 'Opening' ? null : this.bar(name === 'Quality' ? shown.quality : shown.confidence))]));
  }

  frame(shown) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('viewBox', `0 0 ${shown.width_px} ${shown.height_px}`);
    svg.setAttribute('aria-hidden', 'true');
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', shown.rings.map((ring) => 'M' + ring.map((point) => point.join(' ')).join('L') + 'Z').join(''));
    svg.append(path);
    return make('div', { class: 'picture' }, make('img', {
      src: 'data:image/jpeg;base64,' + shown.jpeg,
      alt: shown.rings.length ? 'The picture with the outline of the opening' : 'The picture; no outline',
    }), svg);
  }

  view(answer) {
    const pane = answer.pane;
    if (!pane) return 'No endoscope picture was found.';
    const whole = pane.width_px === answer.width_px && pane.height_px === answer.height_px;
    return whole ? `The whole picture was taken as the endoscope's (${answer.width_px} × ${answer.height_px}).`
      : `Endoscope picture found: ${pane.form}, ${pane.width_px} × ${pane.height_px} at ${pane.x_px}, ${pane.y_px}; `
        + 'nothing outside it was looked at.';
  }

  picture(answer, name) {
    const shown = answer.shown[0];
    return this.card(make('h2', {}, name), make('div', { class: 'tried' }, this.frame(shown),
      make('div', {}, this.verdict(shown), this.facts(shown), make('p', { class: 'quiet' }, this.view(answer)))));
  }

  clip(answer, name) {
    const lost = Object.entries(answer.reasons).sort((a, b) => b[1] - a[1])
      .map(([reason, count]) => `${reasonWords([reason])}: ${count}`).join('; ');
    const usable = answer.breaths.filter((breath) => breath.usable);
    return this.card(make('h2', {}, name),
      make('p', { class: 'verdict' }, `${answer.measured} of ${answer.decoded} frames measured`),
      make('p', { class: 'quiet' }, [this.view(answer), lost && 'Not measured – ' + lost + '.'].filter(Boolean).join(' ')),
      make('p', {}, usable.length ? `${usable.length} breaths; they close ` + usable.map((b) => percent(b.closure_ratio)).join(', ')
        : 'No whole breath was seen.'),
      make('canvas', { id: 'try-curve', height: 150, role: 'img', 'aria-label': 'Opening over the clip' }),
      make('div', { class: 'shots' }, ...answer.shown.map((shown) => make('figure', {}, this.frame(shown),
        make('figcaption', {}, `${clock(shown.t_s, 1)} · ` + (shown.state === 'measured'
          ? percent(shown.area_fov_ratio, 1) : reasonWords(shown.reasons)))))));
  }

  draw(answer) {
    const rows = answer.curve;
    const plot = new Plot(byId('try-curve'));
    const axis = scale(rows.reduce((max, row) => Math.max(max, row.area_fov_ratio || 0), 0));
    plot.begin(0, rows.at(-1).t_s, axis.most);
    rows.forEach((row, index) => {
      if (row.reason) plot.gap(row.t_s, rows[index + 1] ? rows[index + 1].t_s : row.t_s + 0.04);
    });
    plot.levels(axis.levels, axis.words);
    plot.line(rows.map((row) => [row.t_s, row.area_fov_ratio]));
    plot.times();
  }
}

const share = (value) => value == null ? 'not judged' : percent(value);
