/**
 * The page for a sign-in that came to nothing. spec/identity.md (IDN-3, IDN-4). Invariant: what the request or the provider
 * said is nowhere on it, and it leads to our own pages alone.
 * @module
 */
import { CountersignError } from '../../../src/core/errors.ts'
import { PAGE_HEADERS } from '../ceremony-page.ts'
import { faultOf } from '../errors.ts'

const WORDS = new Map([
  [
    'IDENTITY_UNKNOWN',
    'Your identity provider knows you, and this control plane does not know whose account that is. If you have a passkey ' +
      'here, sign in with it and connect the account in your settings. Otherwise ask whoever provisions people in your ' +
      'company to assign this application to you.',
  ],
  [
    'IDENTITY_IN_USE',
    'This account is connected to another person. Whoever administers this installation can unlink it.',
  ],
  [
    'STATE_CONFLICT',
    'Another account of the same provider is connected to you. Unlink that one first, or sign in with it.',
  ],
  [
    'PROVIDER_AWAY',
    'The identity provider cannot be reached. Sign in with your passkey, or try again in a while.',
  ],
  ['TOO_MANY', 'Too many sign-ins come from your network. Try again in a minute.'],
  ['LOG_NOT_PUBLISHED', 'Nothing can be recorded at the moment. Try again in a while.'],
])
const OTHERWISE =
  'The sign-in is over, was begun in another browser, or its answer does not verify. Begin again.'

/** @param report hears of faults that are ours */
export function failedPage(error: unknown, simulated: boolean, report: (error: unknown) => void): Response {
  const { status, code } = faultOf(error)
  if (status === 500) report(error)
  // Once for each time that somebody looked: whoever asks in between is no news.
  if (code === 'PROVIDER_AWAY' && error instanceof CountersignError && error.cause !== undefined)
    report(error.cause)
  const words = WORDS.get(code) ?? OTHERWISE
  return new Response(page(words, code, simulated), {
    status,
    headers: { ...PAGE_HEADERS, 'content-type': 'text/html; charset=utf-8' },
  })
}

/** Neither the words nor the code hold anything from outside. */
function page(words: string, code: string, simulated: boolean): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Not signed in</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/ceremony/ceremony.css">
  </head>
  <body>
    ${simulated ? '<p id="simulated" role="note"><strong>Simulated.</strong> Nothing that you do here has an effect.</p>' : ''}
    <main data-state="failed" data-code="${code}">
      <h1>Not signed in</h1>
      <p>${words}</p>
      <p><a href="/console/">Back to the console</a></p>
      <p class="soft">${code}</p>
    </main>
  </body>
</html>
`
}
