// The stage table, live and afterwards.
import { bandWords, clock, make, percent, silenceWords } from './api.js';

const spread = (s, places = 0) => s ? [percent(s.median, places),
  make('small', {}, ` ${(s.q1 * 100).toFixed(places)}–${(s.q3 * 100).toFixed(places)}`)] : ['–'];

/// - Parameter onShow: called with a frame when a worst breath is chosen.
export function stageTable(summary, onShow) {
  const heads = [
    ['Stage', ''], ['Time', 'from–to'], ['Usable', 'of time'], ['Breaths', 'usable'], ['Rate', 'per minute'],
    ['Closure', 'median, quartiles'], ['Narrowing', 'band'], ['Opening', 'of rest'], ['Worst breath', 'closure, time'],
    ['Below half', 'of rest'],
  ];
  const head = make('tr', {}, ...heads.map(([name, unit], index) =>
    make('th', { scope: 'col', class: [2, 3, 4].includes(index) ? 'num' : null }, name, unit ? make('small', {}, unit) : null)));
  const rows = summary.stages.map((stage, index) => {
    const isWorst = summary.worst_stage === index && summary.stages.length > 1;
    const cells = [
      make('th', { scope: 'row' }, stage.label, isWorst ? make('small', {}, ' worst stage') : null),
      make('td', {}, `${clock(stage.start_s)}–${clock(stage.end_s)}`),
      make('td', { class: 'num' }, percent(stage.usable_ratio)),
      make('td', { class: 'num' }, `${stage.usable_breaths} of ${stage.breaths}`),
    ];
    if (stage.silence) {
      cells.push(make('td', { colspan: 6, class: 'silent' }, 'No statistics: ' + silenceWords(stage.silence)));
    } else {
      const half = (stage.time_below || []).find((below) => below.threshold === 0.5);
      const worst = stage.worst ? `${percent(stage.worst.value)} at ${clock(stage.worst.t_s, 1)}` : '–';
      cells.push(
        make('td', { class: 'num' }, stage.rate_per_min == null ? '–' : stage.rate_per_min.toFixed(1)),
        make('td', {}, ...spread(stage.closure_ratio)), make('td', {}, bandWords(stage.narrowing_band)),
        make('td', {}, ...spread(stage.opened_rest_ratio)),
        make('td', {}, stage.worst && onShow
          ? make('a', { href: '#', onclick: (event) => { event.preventDefault(); onShow(stage.worst); } }, worst) : worst),
        make('td', {}, half ? `${half.seconds.toFixed(1)} s` : '–'));
    }
    return make('tr', { class: isWorst ? 'worst' : null }, ...cells);
  });
  return make('table', {}, make('thead', {}, head), make('tbody', {}, ...rows));
}
