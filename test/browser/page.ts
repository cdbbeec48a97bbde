/**
 * A page for tests: an entry bundled for browsers, served from localhost (a secure context, so that it has WebCrypto)
 * under a policy that allows nothing but that one script.
 * @module
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { bundle } from '../../apps/verifier/bundle.ts'
import { CONTEXT, launchChromium } from './chromium.ts'

const POLICY = "default-src 'none'; script-src 'self'"
const HTML =
  '<!doctype html><meta charset="utf-8"><title>Test</title><script type="module" src="/entry.js"></script>'
/** A breach that the script catches, as a try of `eval`, is not on the console by itself. */
const TELL_BREACHES = `document.addEventListener('securitypolicyviolation', (event) =>
  console.error('breach of', event.violatedDirective, 'by', event.blockedURI))`

export interface TestPage {
  readonly page: Page
  /** Whatever the page reported: errors, warnings, breaches of its policy. */
  readonly reports: readonly string[]
  close(): Promise<void>
}

/** Opens the page of an entry beside this file in a browser of its own. */
export async function openPage(entry: string): Promise<TestPage> {
  const server = await serve(await bundle(resolve(import.meta.dirname, entry), 'browser-module'))
  const browser = await launchChromium()
  const page = await (await browser.newContext(CONTEXT)).newPage()
  const reports: string[] = []
  page.on('console', (message) => reports.push(message.text()))
  page.on('pageerror', (error) => reports.push(String(error)))
  await page.addInitScript(TELL_BREACHES)
  await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`)
  return {
    page,
    reports,
    close: async () => {
      await browser.close()
      server.close()
    },
  }
}

async function serve(script: string): Promise<Server> {
  const server = createServer((request, response) => {
    const isScript = request.url === '/entry.js'
    const found = isScript || request.url === '/'
    response.writeHead(found ? 200 : 404, {
      'content-type': isScript ? 'text/javascript' : 'text/html',
      'content-security-policy': POLICY,
    })
    response.end(isScript ? script : found ? HTML : '')
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  return server
}
