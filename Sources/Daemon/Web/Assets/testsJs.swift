// Made by scripts/embed-page from Sources/Daemon/Web/Page/tests.js: change that file, not this one.

// swift-format-ignore-file

extension PageAssets {
static let testsJs = ##"""
// All tests, the newest first.
import { byId, get, isRunning, make, percent, reasonWords, session, stateWords, when } from './api.js';

export class Tests {
  enter() {
    this.load();
    this.timer = setInterval(() => this.load(), 5000);
  }

  leave() { clearInterval(this.timer); }

  async load() {
    let list;
    try {
      list = (await get('/sessions?limit=500')).sessions;
    } catch (error) {
      byId('tests-count').textContent = error.message;
      return;
    }
    byId('tests-count').textContent = list.length === 1 ? 'one test' : `${list.length} tests`;
    const text = JSON.stringify(list);
    if (text === this.shown) return;
    this.shown = text;
    if (!list.length) {
      byId('tests-table').replaceChildren(make('p', { class: 'quiet' }, 'There are no tests in the state folder yet.'));
      return;
    }
    const heads = ['Began', 'Test', 'State', 'Frames', 'Measured', 'Most lost to', ''];
    byId('tests-table').replaceChildren(make('table', {},
      make('thead', {}, make('tr', {}, ...heads.map((head, index) =>
        make('th', { scope: 'col', class: index === 3 || index === 4 ? 'num' : null }, head)))),
      make('tbody', {}, ...list.map((item) => this.row(item)))));
  }

  row(item) {
    const lost = Object.entries(item.reasons).sort((a, b) => b[1] - a[1])[0];
    const name = encodeURIComponent(item.session);
    const links = [];
    if (isRunning(item.state)) links.push(make('a', { href: '#/live/' + name }, 'Watch'));
    if (item.decoded) links.push(make('a', { href: '#/test/' + name }, 'Look through'));
    if (item.has_report) {
      links.push(make('a', { href: '/api/v1' + session(item.session) + '/report.html', target: '_blank', rel: 'noopener' },
        'Report'));
    }
    return make('tr', {},
      make('td', {}, when(item.began)), make('th', { scope: 'row' }, item.session),
      make('td', {}, stateWords(item.state), item.error ? make('small', {}, ' ' + item.error) : null),
      make('td', { class: 'num' }, String(item.decoded)),
      make('td', { class: 'num' }, item.decoded ? percent(item.measured / item.decoded) : '–'),
      make('td', {}, lost ? `${reasonWords([lost[0]])} (${lost[1]})` : '–'),
      make('td', {}, ...links.flatMap((link, index) => index ? [' · ', link] : [link])));
  }
}

"""##
}
