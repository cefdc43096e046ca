// Made by scripts/embed-page from Sources/Daemon/Web/Page/index.html: change that file, not this one.

// swift-format-ignore-file

extension PageAssets {
static let indexHtml = ##"""
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Rima</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
<script type="module" src="/app.js"></script>
</head>
<body>
<a class="skip" href="#main">To the content</a>
<header>
  <p class="brand"><svg viewBox="0 0 32 32" aria-hidden="true"><path d="M16 3 26 25H6Z"/></svg>Rima</p>
  <nav aria-label="Views">
    <a href="#/live" id="nav-live">Live</a>
    <a href="#/tests" id="nav-tests">Tests</a>
    <a href="#/try" id="nav-try">Try the network</a>
  </nav>
  <p id="link" class="link" role="status"></p>
  <p class="notice" role="note">Research use only. Not a medical device.</p>
</header>
<div id="banner" class="banner" role="alert" hidden></div>
<main id="main" tabindex="-1">

<section id="view-live" aria-labelledby="live-title" hidden>
  <div class="title-row">
    <h1 id="live-title">Live</h1>
    <label id="live-choice" hidden>Test <select id="live-session"></select></label>
    <p id="live-state" class="quiet"></p>
  </div>
  <div id="live-none" class="card empty" hidden>
    <h2>No test is running</h2>
    <p>A test appears here by itself as soon as a recording begins to grow in a watched folder.
    Finished tests are under <a href="#/tests">Tests</a>.</p>
  </div>
  <div id="live-body" class="live" hidden>
    <div class="card camera">
      <h2 class="visually-hidden">Camera</h2>
      <div class="picture" id="live-picture">
        <img alt="" hidden><svg aria-hidden="true"></svg>
        <p class="picture-none">Waiting for a picture</p>
      </div>
      <div class="gate" id="gate">
        <span class="gate-mark" aria-hidden="true"></span>
        <div><p id="gate-word" class="gate-word">Waiting</p><p id="gate-why" class="quiet"></p></div>
      </div>
      <p class="quiet camera-foot"><label><input type="checkbox" id="outline" checked> Show the measured outline</label>
      <span id="picture-time"></span></p>
    </div>
    <div class="measures">
      <dl class="numbers">
        <div class="card number"><dt>Opening now</dt><dd id="now-area">–</dd><dd class="unit">of the field of view</dd></div>
        <div class="card number"><dt>Closure, last breath</dt><dd id="now-closure">–</dd>
          <dd class="unit" id="now-band">&nbsp;</dd></div>
        <div class="card number"><dt>Breathing rate</dt><dd id="now-rate">–</dd><dd class="unit">breaths a minute</dd></div>
        <div class="card number"><dt>Stage</dt><dd id="now-stage" class="word">–</dd>
          <dd class="unit" id="now-stage-time">&nbsp;</dd></div>
        <div class="card number"><dt>Measured</dt><dd id="now-usable">–</dd>
          <dd class="unit" id="now-count">of all frames</dd></div>
      </dl>
      <figure class="card">
        <figcaption><h2>Last two minutes</h2><p class="quiet">Opening, % of the field of view. Hatched grey: not
        measured.</p></figcaption>
        <canvas id="recent" role="img" height="190"></canvas>
        <figcaption><h2>Closure of each breath</h2><p class="quiet" id="closure-note"></p></figcaption>
        <canvas id="closures" role="img" height="120"></canvas>
      </figure>
      <fieldset class="card stages" id="stages"><legend>Begin a stage now</legend>
        <div id="stage-buttons" class="buttons"></div>
        <p id="stage-note" class="quiet"></p></fieldset>
      <figure class="card">
        <figcaption><h2>Whole test</h2></figcaption>
        <canvas id="whole" role="img" height="120"></canvas>
      </figure>
      <div class="card" id="live-table-card"><h2>Stages so far</h2><div id="live-table" class="scroll"></div></div>
    </div>
  </div>
</section>

<section id="view-tests" aria-labelledby="tests-title" hidden>
  <div class="title-row"><h1 id="tests-title">Tests</h1><p id="tests-count" class="quiet"></p></div>
  <div class="card scroll" id="tests-table"></div>
</section>

<section id="view-test" aria-labelledby="test-title" hidden>
  <div class="title-row"><h1 id="test-title">Test</h1><p id="test-state" class="quiet"></p>
    <p class="links" id="test-links"></p></div>
  <div class="card"><h2 class="visually-hidden">Stage table</h2><div id="test-table" class="scroll"></div></div>
  <div class="review">
    <div class="card camera">
      <h2 class="visually-hidden">Frame at the cursor</h2>
      <div class="picture" id="test-picture"><img alt="" hidden><p class="picture-none">Move over the curve</p></div>
      <dl class="facts" id="test-facts"></dl>
    </div>
    <div class="measures">
      <figure class="card">
        <figcaption><h2>Opening over the whole test</h2><p class="quiet">% of the field of view, lowest to highest.
        Hatched grey: not measured. Arrow keys move by a frame, with Shift by a second; Page Up and Page Down
        by ten.</p></figcaption>
        <canvas id="test-curve" role="slider" tabindex="0" height="220" aria-label="Cursor on the curve"
          aria-valuemin="0"></canvas>
        <figcaption><h2>Closure of each breath</h2><p class="quiet" id="test-closure-note"></p></figcaption>
        <canvas id="test-closures" role="img" height="110"></canvas>
      </figure>
      <section class="card" id="editor" aria-labelledby="editor-title">
        <h2 id="editor-title">Stages</h2>
        <p id="editor-note" class="quiet"></p>
        <div id="editor-buttons" class="buttons"></div>
        <form id="editor-form" novalidate>
          <div id="editor-rows"></div>
          <p class="actions"><button type="submit" class="strong" id="editor-save">Save stages</button>
          <button type="button" id="editor-undo">Undo changes</button>
          <span id="editor-said" role="status"></span></p>
        </form>
      </section>
    </div>
  </div>
  <div class="card" id="history-card"><h2>History of stages</h2><div id="history" class="scroll"></div></div>
  <details class="card" id="report-card"><summary>Report</summary>
    <iframe id="report" title="The test's report" sandbox="allow-same-origin"></iframe></details>
</section>

<section id="view-try" aria-labelledby="try-title" hidden>
  <div class="title-row"><h1 id="try-title">Try the network</h1></div>
  <div class="card drop" id="drop">
    <p><strong>Drop a picture or a short clip here</strong></p>
    <p><label class="file">Choose a file<input type="file" id="file" accept="image/png,image/jpeg,video/*,.mkv,.ts"></label></p>
    <p class="quiet" id="try-note">It is looked at on this machine and not kept.</p>
  </div>
  <div id="try-result" aria-live="polite"></div>
</section>
</main>
<footer><p>Research use only. Not a medical device. Not for diagnosis or treatment decisions. Phase of breathing: unknown;
the area alone does not tell breathing in from breathing out. <a href="/openapi.yaml">API</a> ·
<span id="version"></span></p></footer>
<div id="said" class="visually-hidden" role="status"></div>
</body>
</html>

"""##
}
