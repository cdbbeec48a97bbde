/** How the live page looks: system fonts, light and dark, narrow screens. @module */

export const LIVE_STYLE = `
:root {
  --bg: #fbfbfa; --panel: #fff; --ink: #1b1d21; --soft: #5d636e; --line: #e3e5e8; --hover: #f3f4f6;
  --allow: #0b6b3a; --allow-bg: #e2f4e9; --deny: #a3121f; --deny-bg: #fbe5e6; --warn: #7a4a00; --warn-bg: #fff1d6;
  --link: #23489c; --live: #1a9c5b; --lost: #c8222f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #14161a; --panel: #1b1e24; --ink: #e8eaee; --soft: #a3aab6; --line: #2d323b; --hover: #232830;
    --allow: #7fdca6; --allow-bg: #123321; --deny: #ff9ba3; --deny-bg: #45171c; --warn: #ffcf80; --warn-bg: #3d2c0c;
    --link: #9db8ff; --live: #45c486; --lost: #ff6b76;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: 16px 32px; align-items: end; justify-content: space-between;
  padding: 20px 24px; background: var(--panel); border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 19px; font-weight: 650; overflow-wrap: anywhere; }
header p { margin: 2px 0 0; color: var(--soft); }
dl { display: flex; flex-wrap: wrap; gap: 8px 28px; margin: 0; }
dt { font-size: 12px; color: var(--soft); }
dd { margin: 0; font-variant-numeric: tabular-nums; }
#root { font-family: ui-monospace, monospace; font-size: 13px; }
main { max-width: 1280px; margin: 0 auto; padding: 16px 24px 48px; }
.simulated { margin: 0; padding: 8px 24px; background: var(--warn-bg); color: var(--warn); }
.notice { padding: 10px 14px; border-radius: 8px; background: var(--deny-bg); color: var(--deny); }
.killed { margin: 0 0 16px; padding: 14px 18px; border: 2px solid var(--deny); border-radius: 10px; background: var(--deny-bg); color: var(--deny); }
.killed h2 { margin: 0; font-size: 17px; }
.killed ul { margin: 8px 0; padding: 0; list-style: none; }
.killed li { overflow-wrap: anywhere; }
.killed p { margin: 0; font-size: 13.5px; }
.killed code { font: 12.5px/1.5 ui-monospace, monospace; }
.empty, .capped { padding: 32px 0; text-align: center; color: var(--soft); }
.rows { border: 1px solid var(--line); border-radius: 10px; background: var(--panel); overflow: hidden; }
.rows:empty { display: none; }
details { border-bottom: 1px solid var(--line); }
details:last-child { border-bottom: 0; }
summary { display: grid; grid-template-columns: 64px 76px 150px minmax(0, 1fr) auto; gap: 4px 16px;
  padding: 8px 16px; cursor: pointer; list-style: none; align-items: baseline; }
summary::-webkit-details-marker { display: none; }
summary:hover { background: var(--hover); }
summary:focus-visible { outline: 2px solid var(--link); outline-offset: -2px; }
.index, time { color: var(--soft); font-variant-numeric: tabular-nums; }
.type { font-weight: 600; overflow-wrap: anywhere; }
.who { color: var(--soft); font: 12.5px/1.5 ui-monospace, monospace; white-space: nowrap; }
.soft .type { font-weight: 400; }
.soft .type, .soft .what { color: var(--soft); }
.bar { display: flex; flex-wrap: wrap; gap: 6px 10px; align-items: center; margin: 0 0 12px; color: var(--soft); font-size: 13.5px; }
.bar span { margin-left: auto; }
select { font: inherit; color: var(--ink); background: var(--panel); border: 1px solid var(--line); border-radius: 6px;
  padding: 4px 8px; max-width: 100%; }
.rows[data-show="decisions"] > :not([data-in~="decisions"]), .rows[data-show="denials"] > :not([data-in~="denials"]),
.rows[data-show="alarms"] > :not([data-in~="alarms"]), .rows[data-show="changes"] > :not([data-in~="changes"]) { display: none; }
#connection::before { content: ''; display: inline-block; width: 8px; height: 8px; margin-right: 7px; border-radius: 50%;
  background: var(--soft); vertical-align: 1px; }
#connection[data-state="live"]::before { background: var(--live); }
#connection:is([data-state="lost"], [data-state="ended"])::before { background: var(--lost); }
.what { overflow-wrap: anywhere; }
.badge { display: inline-block; margin-right: 8px; padding: 0 8px; border-radius: 99px; font-size: 12.5px; font-weight: 650; }
.allow { background: var(--allow-bg); color: var(--allow); }
.deny { background: var(--deny-bg); color: var(--deny); }
.alert { background: var(--warn-bg); color: var(--warn); }
pre { margin: 0; padding: 14px 16px; overflow: auto; max-height: 420px; border-top: 1px dashed var(--line);
  background: var(--bg); font: 12.5px/1.5 ui-monospace, monospace; }
.out { max-width: 560px; padding-top: 12vh; }
.out pre { border: 1px solid var(--line); border-radius: 8px; }
@media (max-width: 800px) {
  header, main { padding-left: 14px; padding-right: 14px; }
  summary { grid-template-columns: auto 1fr auto; padding: 10px 12px; }
  .who, .what { grid-column: 1 / -1; }
  .bar span { margin-left: 0; }
}
`
