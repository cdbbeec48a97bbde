/**
 * The page for what went wrong before a client could be told, because nobody knows where to send it. spec/oauth.md
 * (OAU-14). Invariant: it leads nowhere, and what the request said is text on it.
 * @module
 */
import type { ErrorOut, KoaContextWithOIDC, Provider } from 'oidc-provider'
import { PAGE_HEADERS } from '../ceremony-page.ts'
import type { ServerContext } from '../context.ts'

const WORDS = new Map([
  ['invalid_client', 'The program that sent you here is not one that this control plane knows.'],
  [
    'invalid_redirect_uri',
    'The program that sent you here asks for the answer at an address that is not its own.',
  ],
  [
    'invalid_client_metadata',
    'The program that sent you here describes itself in a way that cannot be taken.',
  ],
  ['temporarily_unavailable', 'Too many requests are open. Try again in a while.'],
  ['server_error', 'The control plane made a mistake. Whoever runs it finds it in the log of the server.'],
])
const OTHERWISE =
  'The request is over, is another browser’s, or was sent in a way that cannot be taken. Go back to the program and connect again.'

export function errorPage(ctx: ServerContext): (koa: KoaContextWithOIDC, out: ErrorOut) => void {
  return (koa, { error, error_description }) => {
    for (const [name, value] of Object.entries(PAGE_HEADERS)) koa.set(name, value)
    koa.type = 'html'
    koa.body = page(
      WORDS.get(error) ?? OTHERWISE,
      `${error}: ${error_description ?? ''}`,
      ctx.settings.simulated,
    )
  }
}

/**
 * OAU-18: anybody registers a client, so a link to us that leads anywhere is no proof that a person is meant to go there.
 * What goes wrong before a person is asked is said here, but to a program of their own machine.
 */
export function ownErrors(ctx: ServerContext): Parameters<Provider['use']>[0] {
  const show = errorPage(ctx)
  return async (koa, next) => {
    await next()
    if (koa.path !== '/oauth2/authorize') return
    const { location = '' } = koa.response.headers as { readonly location?: string }
    const { response_mode } = (koa as Partial<KoaContextWithOIDC>).oidc?.params ?? koa.query
    if (location.startsWith('/') || (location === '' && response_mode !== 'form_post')) return
    const to = URL.parse(location)
    if (to?.protocol === 'http:') return // of a loopback address (OAU-5)
    const said = new URLSearchParams(to === null ? '' : `${to.search.slice(1)}&${to.hash.slice(1)}`)
    koa.remove('location')
    koa.status = 400
    const description = said.get('error_description')
    const out = { error: said.get('error') ?? 'invalid_request' }
    show(koa as KoaContextWithOIDC, description === null ? out : { ...out, error_description: description })
  }
}

function page(words: string, detail: string, simulated: boolean): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>This cannot go on</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/ceremony/ceremony.css">
    <link rel="stylesheet" href="/ceremony/consent.css">
  </head>
  <body>
    ${simulated ? '<p id="simulated" role="note"><strong>Simulated.</strong> Nothing that you sign here has an effect.</p>' : ''}
    <main data-state="failed">
      <h1>This cannot go on</h1>
      <p>${escape(words)} Nothing was signed.</p>
      <p class="soft">${escape(detail)}</p>
    </main>
  </body>
</html>
`
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
