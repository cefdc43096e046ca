// Look of the page, on screen and on A4. Dark on white; no finding is told by colour alone.

enum ReportStyle {
    static let css = """
        :root { color-scheme: light; }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 1.2rem; max-width: 62rem; color: #15191e; background: #fff;
          font: 15px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
        a { color: #0b4a8f; } a:focus-visible { outline: 3px solid #c25700; }
        h1 { font-size: 1.35rem; margin: 0; } h2 { font-size: 1.05rem; margin: 0 0 .3rem; }
        h3 { font-size: .95rem; margin: .7rem 0 .25rem; }
        p { margin: .15rem 0; } ul { margin: .2rem 0; padding-left: 1.1rem; }
        section { margin: .8rem 0; } small { display: block; font-weight: normal; font-size: .8em; color: #3f4852; }
        header { border-bottom: 2px solid #15191e; padding-bottom: .4rem; }
        .title { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; flex-wrap: wrap; }
        .notice { font-weight: bold; border: 1.5px solid #15191e; padding: 0 .5rem; }
        .facts { margin: .2rem 0 0; } .facts div { display: inline-block; margin-right: 1.4rem; }
        .facts dt { display: inline; color: #3f4852; margin-right: .35rem; }
        .facts dd { display: inline; margin: 0; overflow-wrap: anywhere; }
        .quality { border: 1px solid #8a94a0; padding: .4rem .7rem; }
        .columns { display: flex; gap: 1.2rem; flex-wrap: wrap; } .columns > div { flex: 1 1 15rem; }
        .columns > .share { flex: 0 0 9rem; } .big { font-size: 2.1rem; line-height: 1.1; font-weight: bold; }
        .answer { border: 2px solid #15191e; border-left: .6rem solid #c25700; padding: .5rem .8rem; display: flex;
          gap: 1rem; flex-wrap: wrap; }
        .said { flex: 1 1 24rem; } .answer ul { max-width: 44rem; } .lead { font-size: 1.15rem; }
        .pair { display: flex; gap: .6rem; } .pair figure { width: 9.2rem; }
        figure { margin: 0; } .stills figcaption { min-height: 3.9em; } figcaption { font-size: .8rem; }
        .picture { position: relative; display: block; background: #000; }
        .picture img { width: 100%; display: block; }
        .picture svg { position: absolute; top: 0; left: 0; width: 100%; height: 100%; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        th, td { border-bottom: 1px solid #c3cad1; padding: .15rem .4rem; text-align: left; vertical-align: top; }
        thead th { border-bottom: 1.5px solid #15191e; vertical-align: bottom; }
        .stages { font-size: .87rem; } .stages td, .stages thead small { white-space: nowrap; }
        .stages .silent { white-space: normal; font-style: italic; }
        @media screen and (max-width: 62rem) { section { overflow-x: auto; } .stages { font-size: .78rem; }
          .stages th, .stages td { padding: .15rem .25rem; } }
        tr.worst { background: #fdebd3; outline: 1.5px solid #c25700; }
        .band { font-size: 1.1em; }
        .plain { width: auto; font-size: .85rem; } .plain th { font-weight: normal; }
        .plain thead th { font-weight: bold; }
        .loss td { text-align: right; } .origin code { font-size: .75rem; overflow-wrap: anywhere; }
        .breaths { width: 100%; font-size: .75rem; } .breaths td, .breaths tbody th { text-align: right; }
        .breaths td:nth-child(2) { text-align: left; }
        :target { outline: 3px solid #c25700; outline-offset: 2px; background: #fdebd3; }
        .plot svg { width: 100%; height: auto; display: block; }
        .near { width: 100%; height: auto; display: block; }
        .caption { font-size: .8rem; color: #3f4852; }
        .score td { border: 1px solid #15191e; height: 2rem; } .score th { border: 1px solid #15191e;
        font-size: .85rem; width: 15%; }
        .score h2 span { font-size: .8rem; font-weight: normal; }
        .grid { display: flex; flex-wrap: wrap; gap: .8rem; } .grid .stage { flex: 1 1 11rem; max-width: 16rem; }
        .columns > .sides { flex: 1 1 34rem; } .columns > .course { flex: 0 1 17rem; }
        .compare svg { width: 100%; height: auto; display: block; }
        .stills .stage figure { margin-bottom: .5rem; }
        .words { columns: 2; column-gap: 1.2rem; font-size: .82rem; margin: 0; }
        .words div { break-inside: avoid; margin-bottom: .15rem; }
        .words dt { font-weight: bold; } .words dd { margin: 0; }
        footer { border-top: 1px solid #8a94a0; font-size: .8rem; color: #3f4852; }
        @page { size: A4; margin: 8mm 11mm 11mm; @bottom-left { content: "Research use only. Not a medical device.";
        font-size: 7pt; }
          @bottom-right { content: counter(page) " / " counter(pages); font-size: 7pt; } }
        @media print {
          html { font-size: 8pt; }
          body { padding: 0; max-width: none; font-size: 8pt; line-height: 1.2; }
          * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          a { color: inherit; text-decoration: none; }
          h1 { font-size: 13pt; } h2 { font-size: 10pt; margin-bottom: 1mm; } section { margin: 1.4mm 0; }
          h3 { font-size: 8.6pt; }
          .lead { font-size: 10.5pt; } .big { font-size: 20pt; } .columns { flex-wrap: nowrap; gap: 4mm; }
          .columns > div { flex-basis: 0; } .columns > .sides { flex: 1 1 128mm; }
          .columns > .course { flex: 0 0 56mm; }
          .columns > .share { flex-basis: 30mm; } .answer { flex-wrap: nowrap; padding: 1.5mm 3mm; }
          .said { flex-basis: 0; }
          .pair { flex: 0 0 51mm; gap: 2mm; } .pair figure { width: 24mm; } .quality { padding: 1.5mm 3mm; } .stages { font-size: 7.6pt; }
          .plain, .words { font-size: 7.4pt; } .caption, figcaption { font-size: 7pt; }
          th, td { padding: .25mm 1.2mm; } .score td { height: 6.5mm; } .score th { font-size: 7.4pt; }
          .notes ul { font-size: 7.4pt; } small { font-size: 6.6pt; }
          section, figure, tr { break-inside: avoid; } .appendix { break-inside: auto; }
          .compare { break-before: page; } .stills { break-before: page; } .compare + .stills { break-before: auto; } .grid { flex-wrap: nowrap; gap: 3mm; } .grid .stage { flex: 1 1 0; max-width: 36mm; }
          .breaths { font-size: 6.4pt; } .breaths th, .breaths td { padding: .1mm 1mm; }
          thead { display: table-header-group; } h2, h3 { break-after: avoid; } footer { display: none; }
        }
        """
}
