/** How documents of a pack look: system fonts, light and dark, narrow screens, paper. spec/report.md (RPT-6). @module */

const BASE = `
:root { color-scheme: light dark;
  --bg: #fbfbfa; --panel: #fff; --ink: #1b1d21; --soft: #565c67; --line: #dfe2e6; --link: #1f4699;
  --warn: #6b4000; --warn-bg: #fff1d6; --s0: #1f5fbf; --s1: #9a3412; --bound: #a3121f; }
@media (prefers-color-scheme: dark) { :root {
  --bg: #14161a; --panel: #1b1e24; --ink: #e8eaee; --soft: #a8afbb; --line: #323843; --link: #9db8ff;
  --warn: #ffcf80; --warn-bg: #3d2c0c; --s0: #7fb0ff; --s1: #ffab7a; --bound: #ff9ba3; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 64px; }
body { margin: 0; background: var(--bg); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
ins { text-decoration: underline 2px; text-underline-offset: 3px; font-weight: 600; }
del { text-decoration: line-through 2px; color: var(--soft); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -9999px; }
.skip:focus { left: 16px; top: 8px; background: var(--panel); padding: 8px 12px; z-index: 2; }
.simulated { position: sticky; top: 0; z-index: 1; margin: 0; padding: 8px 24px; background: var(--warn-bg); color: var(--warn); font-weight: 600; }
header, main, footer { max-width: 1100px; margin: 0 auto; padding: 20px 24px; }
header { padding-top: 40px; }
h1 { margin: 0; font-size: 30px; line-height: 1.2; }
header p { margin: 8px 0 0; color: var(--soft); overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: 8px 18px; margin: 20px 0 0; padding: 0; list-style: none; }
main { padding-top: 0; }
section { margin: 0 0 40px; }
h2 { margin: 44px 0 12px; padding-top: 20px; border-top: 1px solid var(--line); font-size: 22px; }
h3 { margin: 32px 0 8px; font-size: 17px; overflow-wrap: anywhere; }
h4 { margin: 16px 0 4px; font-size: 15px; }
p { margin: 8px 0; max-width: 80ch; overflow-wrap: anywhere; }
li { overflow-wrap: anywhere; }
code, pre { font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { margin: 8px 0 0; padding: 10px 12px; border: 1px solid var(--line); border-radius: 6px; background: var(--panel); white-space: pre-wrap; scroll-margin-top: 100px; }
.warning { padding: 10px 14px; border-radius: 8px; background: var(--warn-bg); color: var(--warn); font-weight: 600; }
dl { display: grid; grid-template-columns: minmax(120px, 190px) minmax(0, 1fr); gap: 4px 18px; margin: 12px 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--panel); margin: 12px 0; }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
caption { padding: 8px 12px; color: var(--soft); text-align: left; }
th, td { padding: 7px 12px; border-top: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: break-word; }
td code { overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; }
details { margin: 6px 0; }
summary { cursor: pointer; overflow-wrap: anywhere; }
tr:target, h3:target, pre:target { background: var(--warn-bg); }
figure { margin: 20px 0; }
figcaption { font-weight: 600; margin-bottom: 6px; }
figure p { color: var(--soft); }
svg { display: block; width: 100%; height: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; }
svg .grid { stroke: var(--line); }
svg .tick { fill: var(--soft); font: 12px system-ui, sans-serif; }
svg polyline { fill: none; stroke: var(--s0); stroke-width: 2; }
svg .s0 { fill: var(--s0); } svg polyline.s0 { fill: none; } svg .s1 { fill: var(--s1); }
svg line.bound { stroke: var(--bound); stroke-width: 2; stroke-dasharray: 6 4; }
.legend { display: flex; flex-wrap: wrap; gap: 6px 20px; margin: 8px 0; padding: 0; list-style: none; color: var(--soft); font-size: 14px; }
.legend li { display: flex; align-items: center; gap: 7px; }
.legend li::before { content: ''; width: 10px; height: 10px; border-radius: 50%; background: var(--s0); }
.legend .s1::before { border-radius: 0; background: var(--s1); }
.legend .bound::before { width: 18px; height: 0; border-radius: 0; border-top: 2px dashed var(--bound); background: none; }
footer { color: var(--soft); border-top: 1px solid var(--line); }
@media (max-width: 640px) {
  header, main, footer { padding-left: 16px; padding-right: 16px; }
  h1 { font-size: 24px; }
  dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dd { margin-bottom: 8px; }
}
@media print {
  :root { color-scheme: light; --bg: #fff; --panel: #fff; --ink: #000; --soft: #444; --line: #bbb; --link: #1f4699;
    --warn: #000; --warn-bg: #eee; print-color-adjust: exact; --s0: #1f5fbf; --s1: #9a3412; --bound: #a3121f; }
  body { font-size: 10pt; }
  .skip, nav { display: none; }
  .simulated { position: static; }
  header, main, footer { max-width: none; padding: 0; }
  h2 { border: 0; padding: 0; margin-top: 24px; }
  .cover { padding-top: 45mm; break-after: page; }
  .cover h1 { font-size: 30pt; }
  .cover dl { margin: 14mm 0; gap: 3mm 18px; }
  #tests, #populations, #controls, #drills, #actions, #stories, #entries { break-before: page; }
  h2, h3, h4, caption { break-after: avoid; }
  figure, tr, dl > *, li { break-inside: avoid; }
  .wide { overflow: visible; border: 0; }
  table { font-size: 8.5pt; }
  thead { display: table-header-group; }
  th, td { padding: 3px 6px; }
  a { color: inherit; text-decoration: none; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
`

/** Said in the margin of every sheet of paper, by browsers that know margin boxes. */
function page(said: string): string {
  const text = said.replaceAll(/["\\\n]/g, ' ')
  return `@page { size: A4; margin: 20mm 15mm 18mm;
  @top-left { content: "${text}"; font: 8pt system-ui, sans-serif; }
  @bottom-right { content: counter(page) " / " counter(pages); font: 8pt system-ui, sans-serif; } }
`
}

export function styleOf(simulated: string): string {
  return BASE + page(simulated)
}
