/** Somebody at the console without the ceremony of signing in, which door.test.ts looks at. @module */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { Operator, TestServer } from '../../../apps/server/harness.ts'
import { CONTEXT } from '../chromium.ts'

/** A page of a browser of their own, in a session that a link of theirs began. It shows nothing yet. */
export async function signedIn(
  browser: Browser,
  server: TestServer,
  person: Operator,
  look: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ ...CONTEXT, ...look })
  const { url } = (await person.api.post('/v1/viewer-links', { to: 'console' })).json
  const [name = '', value = ''] = ((await server.comeIn(url)) ?? '').split('=')
  await context.addCookies([{ name, value, url: server.base() }])
  return context.newPage()
}
