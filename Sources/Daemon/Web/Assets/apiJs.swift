// Made by scripts/embed-page from Sources/Daemon/Web/Page/api.js: change that file, not this one.

// swift-format-ignore-file

extension PageAssets {
static let apiJs = ##"""
// Calls to the service, and the words that people read for its codes.

export async function get(path) {
  const answer = await fetch('/api/v1' + path, { headers: { accept: 'application/json' } });
  if (!answer.ok) throw await failure(answer);
  return answer.json();
}

export async function send(method, path, body) {
  const answer = await fetch('/api/v1' + path, {
    method, body: body instanceof Blob ? body : JSON.stringify(body),
    headers: { 'content-type': body instanceof Blob ? 'application/octet-stream' : 'application/json' },
  });
  if (!answer.ok) throw await failure(answer);
  return answer.json();
}

async function failure(answer) {
  let words = answer.statusText;
  try { words = (await answer.json()).error; } catch { /* not ours: the status must do */ }
  const error = new Error(words);
  error.status = answer.status;
  return error;
}

export const session = (name) => '/sessions/' + encodeURIComponent(name);

const reasons = {
  tainted: 'picture damaged in the recording', no_signal: 'no camera signal',
  no_pane: 'endoscope picture not found yet', too_dark: 'too dark', overexposed: 'overexposed', blurred: 'blurred',
  foggy: 'foggy lens', flat: 'scope touches tissue', poor_picture: 'picture too poor to measure',
  no_larynx: 'no larynx in view',
  low_confidence: 'network too unsure of the outline', cut_by_edge: 'opening cut by the edge of view',
};
export const reasonWords = (list) => (list || []).map((code) => reasons[code] || code.replaceAll('_', ' ')).join(', ');

const states = {
  measuring: 'measuring', waiting_for_data: 'waiting for the recorder', waiting_for_index: 'waiting for the recording’s end',
  connecting: 'connecting to the camera', stalled: 'no pictures from the camera', disconnected: 'camera away, tried again',
  recording_paused: 'measuring, but not recording', waiting: 'waiting its turn', restarting: 'restarting', complete: 'finished', ended: 'finished', failed: 'failed',
  cannot_store: 'cannot store rows', cannot_read: 'cannot read the recording', cannot_start: 'cannot start',
};
export const stateWords = (code) => states[code] || (code || '').replaceAll('_', ' ');
export const isRunning = (code) => !['complete', 'ended', 'failed', 'waiting'].includes(code);

export const kinds = { swallow: 'Swallow', cough: 'Cough', voice: 'Talking' };
const silences = {
  too_few_breaths: 'too few usable breaths', too_little_usable_time: 'too little usable time',
  no_frames: 'no frames in this stage',
};
export const silenceWords = (code) => silences[code] || (code || '').replaceAll('_', ' ');
const sources = { live: 'set during the test', protocol: 'protocol', sidecar: 'table beside the recording',
  edit: 'edited afterwards' };
export const sourceWords = (code) => sources[code] || code;

export const bandNames = ['none', 'mild', 'moderate', 'severe'];
const symbols = { none: '○', mild: '◔', moderate: '◑', severe: '●' };
export const bandWords = (name) => name ? `${symbols[name] || ''} ${name}` : '';
export const bandOf = (closure, limits) => bandNames[limits.filter((limit) => closure >= limit).length];

export function percent(share, places = 0) {
  return share == null ? '–' : (share * 100).toFixed(places) + ' %';
}

/// 754.3 becomes 12:34.3.
export function clock(seconds, places = 0) {
  if (seconds == null || !isFinite(seconds)) return '–';
  const unit = 10 ** places;
  const whole = Math.round(Math.abs(seconds) * unit) / unit;
  const minutes = Math.floor(whole / 60);
  const rest = (whole - minutes * 60).toFixed(places).padStart(places ? places + 3 : 2, '0');
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours}:${String(minutes % 60).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

/// `12:34.5`, `1:02:03` or `754.5`; null for anything else.
export function seconds(text) {
  const parts = text.trim().split(':');
  if (!parts.length || parts.length > 3 || parts.some((part) => !/^\d+(\.\d+)?$/.test(part))) return null;
  return parts.reduce((sum, part) => sum * 60 + Number(part), 0);
}

/// An element with attributes and children; text is always text.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

export const byId = (id) => document.getElementById(id);

/// For those who listen instead of looking.
export function say(words) { byId('said').textContent = words; }

export function when(text) {
  const date = new Date(text);
  return isNaN(date) ? '' : date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

"""##
}
