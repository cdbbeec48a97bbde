/**
 * The live page: entries as they are appended. One document without outside resources, under a strict CSP.
 * Invariant: nothing from the log becomes markup; the script sets text only.
 * @module
 */
import type { SignedKill } from '../../src/revoke/statement.ts'
import { LIVE_SCRIPT } from './live-script.ts'
import { LIVE_STYLE } from './live-style.ts'

export interface LivePage {
  readonly nonce: string
  /** Without a session the page says how to get one and shows nothing. */
  readonly signedIn: boolean
  readonly origin: string
  readonly simulated: boolean
  /** The entry after which the page begins. */
  readonly after: number
  /** Those in force when it is made. */
  readonly kills: readonly SignedKill['kill'][]
}

export function livePage(page: LivePage): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Countersign log: ${escape(page.origin)}</title>
<link rel="icon" href="data:,">
<style nonce="${page.nonce}">${LIVE_STYLE}</style>
</head>
<body>
${page.simulated ? '<p class="simulated" role="note"><strong>Simulated.</strong> Nothing on this page happened.</p>' : ''}
${page.signedIn ? signedIn(page) : SIGNED_OUT}
</body>
</html>
`
}

const SIGNED_OUT = `<main class="out">
<h1>This link has been used or has expired</h1>
<p>A link to the live log opens once and within a minute; the session it starts lasts eight hours. Ask for a new link:</p>
<pre>countersign live</pre>
</main>`

function signedIn(page: LivePage): string {
  return `<header>
<div><h1>${escape(page.origin)}</h1><p>Live log, newest first</p></div>
<dl>
<div><dt>Entries</dt><dd id="size">–</dd></div>
<div><dt>Checkpoint</dt><dd id="root">–</dd></div>
<div><dt>Connection</dt><dd id="connection" role="status">connecting</dd></div>
</dl>
</header>
<main>
<section id="killed" class="killed" role="alert" hidden><h2>Stopped by the kill switch</h2><ul id="kills"></ul>
<p>Two people of the roster lift it: <code>countersign kill lift kil_…</code></p></section>
<div class="bar"><label for="show">Show</label><select id="show">
<option value="all">everything</option><option value="decisions">decisions</option><option value="denials">denials</option>
<option value="alarms">revocations, kills, alerts</option><option value="changes">people, agents, tools, delegations</option>
</select><span>Times are UTC. A row opens to its entry.</span></div>
<p id="lost" class="notice" role="alert" hidden>The connection is lost. Trying again; what is missing will follow.</p>
<div class="rows" role="list" id="rows" data-show="all" aria-label="Entries, newest first"></div>
<p id="empty" class="empty">No entries yet. They appear here as they are appended.</p>
<p id="none" class="empty" hidden>None of these among the entries on this page.</p>
<p id="capped" class="capped" hidden>Showing the newest 500 entries.</p>
</main>
<script nonce="${page.nonce}" id="live" data-after="${page.after}" data-kills="${escape(JSON.stringify(page.kills))}">${LIVE_SCRIPT}</script>`
}

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => ESCAPES[c] ?? '')
}
