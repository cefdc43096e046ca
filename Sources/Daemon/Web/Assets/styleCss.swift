// Made by scripts/embed-page from Sources/Daemon/Web/Page/style.css: change that file, not this one.

// swift-format-ignore-file

extension PageAssets {
static let styleCss = ##"""
:root {
  color-scheme: light;
  --ink: #15191e; --soft: #4a5561; --line: #c9d1d9; --paper: #ffffff; --ground: #eef1f4;
  --blue: #1f4e8c; --blue-dark: #12324f; --orange: #b34a00; --good: #1f6f5c;
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; color: var(--ink); background: var(--ground);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.3rem; margin: 0; } h2 { font-size: 1rem; margin: 0; } p { margin: 0; }
a { color: #0b4a8f; }
:focus-visible { outline: 3px solid #d36b00; outline-offset: 2px; }
[hidden] { display: none !important; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -999px; } .skip:focus { left: .5rem; top: .5rem; background: #fff; padding: .4rem; z-index: 9; }
.quiet { color: var(--soft); font-size: .87rem; }

header { background: var(--blue-dark); color: #fff; display: flex; align-items: center; gap: .4rem 1.4rem; flex-wrap: wrap;
  padding: .45rem 1.2rem; }
.brand { font-weight: 700; font-size: 1.15rem; display: flex; align-items: center; gap: .45rem; letter-spacing: .02em; }
.brand svg { width: 1.35rem; height: 1.35rem; fill: none; stroke: #6fd3ff; stroke-width: 2.8; stroke-linejoin: round; }
nav { display: flex; gap: .2rem; }
nav a { color: #dce7f1; text-decoration: none; padding: .35rem .8rem; border-radius: 6px; }
nav a:hover { background: #1d4468; } nav a[aria-current] { background: #fff; color: var(--blue-dark); font-weight: 600; }
.link { margin-left: auto; font-size: .85rem; color: #dce7f1; }
.link::before { content: ""; display: inline-block; width: .6rem; height: .6rem; border-radius: 50%; margin-right: .4rem;
  background: transparent; border: 2px solid #dce7f1; vertical-align: -1px; }
.link:empty::before { display: none; }
.link.on::before { background: #7fe0c3; border-color: #7fe0c3; }
.notice { border: 1px solid #9db4c8; padding: .1rem .55rem; border-radius: 4px; font-size: .82rem; font-weight: 600; }
.banner { background: #fdebd3; border-bottom: 2px solid var(--orange); padding: .5rem 1.2rem; font-weight: 600; }
main { padding: 1rem 1.2rem; max-width: 1560px; margin: 0 auto; } main:focus { outline: none; }
footer { padding: .2rem 1.2rem 1.2rem; color: var(--soft); font-size: .82rem; max-width: 1560px; margin: 0 auto; }

.title-row { display: flex; align-items: baseline; gap: .3rem 1.2rem; flex-wrap: wrap; margin-bottom: .7rem; }
.links { margin-left: auto; display: flex; gap: 1rem; flex-wrap: wrap; font-size: .9rem; }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: .75rem .95rem; margin: 0 0 .8rem; }
.empty { padding: 2.5rem; text-align: center; } .empty h2 { margin-bottom: .5rem; font-size: 1.15rem; }
.live, .review { display: grid; grid-template-columns: minmax(280px, 32%) 1fr; gap: .8rem; align-items: start; }
.camera { position: sticky; top: .8rem; }
.picture { position: relative; background: #07090b; border-radius: 6px; overflow: hidden; aspect-ratio: 1; display: grid;
  place-items: center; }
.picture img, .picture svg { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; }
.picture svg path { fill: none; stroke: #00e5ff; stroke-width: 2; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.picture-none { color: #aeb9c4; padding: 1rem; text-align: center; }
.picture.stale img { filter: grayscale(1) brightness(.6); }
.gate { display: flex; gap: .7rem; align-items: center; margin-top: .7rem; padding: .5rem .7rem; border-radius: 6px;
  border: 1px solid var(--line); min-height: 3.9rem; }
.gate-mark { width: 1.5rem; height: 1.5rem; border-radius: 50%; border: 3px solid var(--soft); flex: none; }
.gate.measured { border-color: var(--blue); } .gate.measured .gate-mark { background: var(--blue); border-color: var(--blue); }
.gate.rejected { border-color: var(--orange); background: #fff6ea; }
.gate.rejected .gate-mark { border-color: var(--orange); background:
  linear-gradient(45deg, transparent 42%, var(--orange) 42% 58%, transparent 58%); }
.gate-word { font-weight: 700; font-size: 1.08rem; }
.camera-foot { display: flex; justify-content: space-between; gap: .6rem; flex-wrap: wrap; margin-top: .5rem;
  font-variant-numeric: tabular-nums; }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.4rem, 1fr)); gap: .8rem; margin: 0 0 .8rem; }
.number { margin: 0; } .number dt { color: var(--soft); font-size: .85rem; }
.number dd { margin: 0; font-size: 2rem; font-weight: 650; line-height: 1.15; font-variant-numeric: tabular-nums; }
.number dd.word { font-size: 1.45rem; line-height: 1.6; overflow-wrap: anywhere; }
.number dd.unit { font-size: .82rem; font-weight: 400; color: var(--soft); line-height: 1.4; }
figure { min-width: 0; } figcaption { display: flex; gap: .1rem 1rem; align-items: baseline; flex-wrap: wrap; }
canvas { display: block; width: 100%; margin: .3rem 0 .5rem; touch-action: none; }
canvas[role=slider] { cursor: crosshair; border-radius: 4px; }

fieldset { min-width: 0; } legend { font-weight: 600; padding: 0 .3rem; margin-left: -.3rem; }
.buttons { display: flex; gap: .5rem; flex-wrap: wrap; }
button, .file { font: inherit; border: 1px solid #8a97a5; border-radius: 6px; background: #fff; color: var(--ink);
  padding: .5rem .9rem; cursor: pointer; display: inline-flex; align-items: center; gap: .5rem; min-height: 2.5rem; }
button:hover:not(:disabled), .file:hover { background: #eaf1f8; border-color: var(--blue); }
button:disabled { color: #67717c; background: #f3f5f7; cursor: not-allowed; }
button.strong { background: var(--blue); color: #fff; border-color: var(--blue); }
button.strong:hover:not(:disabled) { background: #173d70; } button.strong:disabled { background: #e3e8ed; border-color: #b4bec8; color: #55606b; }
button[aria-pressed=true] { background: var(--blue); color: #fff; border-color: var(--blue); }
button[aria-pressed=true] kbd { border-color: #b9cde3; color: #fff; }
kbd { font: 600 .8rem/1 ui-monospace, "DejaVu Sans Mono", monospace; border: 1px solid #8a97a5; border-radius: 4px;
  padding: .18rem .38rem; color: var(--soft); }
.stages .quiet, #editor .quiet { margin: .45rem 0 0; } #editor .quiet { margin: .2rem 0 .6rem; }

table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .92rem; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #dde3e9; vertical-align: top; white-space: nowrap; }
thead th { border-bottom: 1.5px solid var(--ink); vertical-align: bottom; font-size: .85rem; }
thead small { display: block; font-weight: 400; color: var(--soft); }
td.num, th.num { text-align: right; } td.silent { font-style: italic; color: var(--soft); white-space: normal; }
td small { color: var(--soft); }
tr.worst { background: #fdebd3; box-shadow: inset 3px 0 0 var(--orange); } tbody tr:last-child > * { border-bottom: 0; }
#history table { width: auto; min-width: 50%; }
.scroll { overflow-x: auto; } h2 + .scroll { margin-top: .4rem; }
.facts { display: grid; grid-template-columns: auto 1fr; gap: .1rem .9rem; margin: .6rem 0 0; font-variant-numeric: tabular-nums; }
.facts dt { color: var(--soft); } .facts dd { margin: 0; }
.stage-row { display: grid; grid-template-columns: 1.2rem minmax(8rem, 16rem) 7rem auto auto; gap: .5rem; align-items: center;
  margin: .35rem 0; justify-content: start; }
.stage-row i { width: 1.1rem; height: 1.1rem; border-radius: 3px; border: 1px solid #8a97a5; }
input[type=text], select { font: inherit; padding: .42rem .55rem; border: 1px solid #8a97a5; border-radius: 6px; width: 100%;
  background: #fff; color: var(--ink); }
select { width: auto; } input[aria-invalid=true] { border: 2px solid var(--orange); }
.actions { display: flex; gap: .6rem; align-items: center; flex-wrap: wrap; margin-top: .7rem; }
summary { font-weight: 600; cursor: pointer; }
iframe { width: 100%; height: 82vh; border: 1px solid var(--line); border-radius: 6px; margin-top: .6rem; background: #fff; }
.drop { border: 2px dashed #8a97a5; text-align: center; padding: 2rem 1rem; display: grid; gap: .6rem; }
.drop.over { border-color: var(--blue); background: #eaf1f8; }
.file input { position: absolute; width: 1px; height: 1px; opacity: 0; } .file:focus-within { outline: 3px solid #d36b00; }
.tried { display: grid; grid-template-columns: minmax(260px, 30%) minmax(0, 1fr); gap: 1rem; align-items: start; }
.shots { display: grid; grid-template-columns: repeat(auto-fill, minmax(180px, 1fr)); gap: .8rem; margin-top: .6rem; }
.shots figure { margin: 0; } .shots figcaption { display: block; font-size: .85rem; margin-top: .3rem; }
.verdict { font-size: 1.15rem; font-weight: 700; } .verdict.no { color: var(--orange); }
.bar { height: .7rem; border: 1px solid #8a97a5; border-radius: 4px; overflow: hidden; max-width: 14rem; background: #f3f5f7; }
.bar span { display: block; height: 100%; background: var(--blue); }
meter { width: 10rem; }

@media (max-width: 900px) {
  .live, .review, .tried { grid-template-columns: minmax(0, 1fr); } .camera { position: static; }
  .stage-row { grid-template-columns: 1.2rem 1fr 6rem; } .camera .picture { max-width: 30rem; }
}
@media (prefers-reduced-motion: no-preference) { button, nav a { transition: background .12s; } }
@media print {
  @page { size: A4; margin: 11mm; }
  body { background: #fff; font-size: 9pt; } header { background: #fff; color: var(--ink); padding: 0 0 2mm; }
  nav, .link, .skip, .actions, #editor, #report-card, .camera-foot, .stages, .file { display: none !important; }
  .notice { border-color: var(--ink); margin-left: auto; } main, footer { padding: 0; max-width: none; }
  .card { break-inside: avoid; border-color: #8a97a5; } .live, .review { grid-template-columns: 52mm 1fr; }
  .camera { position: static; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .number dd { font-size: 14pt; } .number dd.word { font-size: 12pt; }
}

"""##
}
