// The page's frame: which view is shown, and what the service allows.
import { byId, get } from './api.js';
import { Live } from './live.js';
import { Test } from './test.js';
import { Tests } from './tests.js';
import { Try } from './try.js';

const service = { allow_marks: false, allow_trials: false, narrowing_bands: [0.25, 0.5, 0.75], stages: [] };
const views = { live: new Live(service), tests: new Tests(), test: new Test(service), try: new Try(service) };
let current = null;

function route() {
  const [, name = 'live', argument] = location.hash.split('/');
  const view = views[name] ? name : 'live';
  const key = view + '/' + (argument || '');
  if (current && current.key === key) return;
  if (current) views[current.view].leave?.();
  for (const other of Object.keys(views)) byId('view-' + other).hidden = other !== view;
  for (const link of document.querySelectorAll('nav a')) {
    const isHere = link.id === 'nav-' + (view === 'test' ? 'tests' : view);
    if (isHere) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const isFirst = !current;
  current = { key, view };
  document.title = byId(view + '-title').textContent + ' – Rima';
  views[view].enter(argument ? decodeURIComponent(argument) : null);
  // After a change of view a screen reader goes on with the new one.
  if (!isFirst) byId('main').focus({ preventScroll: true });
}

async function start() {
  try {
    Object.assign(service, await get('/service'));
  } catch (error) {
    const banner = byId('banner');
    banner.textContent = 'The service does not answer: ' + error.message;
    banner.hidden = false;
    setTimeout(start, 2000);
    return;
  }
  byId('banner').hidden = true;
  byId('version').textContent = `rima ${service.version}`;
  window.addEventListener('hashchange', route);
  route();
}

start();
