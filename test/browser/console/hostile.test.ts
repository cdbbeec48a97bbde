/**
 * What somebody who means harm hands in: requests that fit `/openapi.json`, or nearly, at every operation, as an owner. None is
 * a fault of the server. Then every screen is opened: of all that was stored nothing runs.
 */
import fc from 'fast-check'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestServer, type Operator } from '../../../apps/server/harness.ts'
import { HOSTILE, operationsIn, valuesOf, type Operation } from '../../fixtures/openapi-requests.ts'
import { CHROMIUM_RUNS, launchChromium } from '../chromium.ts'
import { signedIn } from './signed-in.ts'
import { PARTS, SCREENS } from './addresses.ts'

const SEED = 20_261_130
/** Of each operation. */
const CASES = 6
/** Answers that do not end, and files that are no JSON. */
const ENDLESS = /stream$|\/decision$|\/wait$/
/** They wait for somebody else, or would end what the test asks by. */
const LEFT_OUT = new Set(['POST /v1/session/end', 'POST /v1/people/{id}/leave'])

describe('what is handed in by who means harm', () => {
  const server = new TestServer({ separation: 'after' })
  let ann: Operator
  let document: unknown
  const known: string[] = []
  const filled = new Map<string, string>()

  beforeAll(async () => {
    await server.start()
    ann = await server.enrol(server.bootstrapSecret)
    const ben = await server.invite(ann, HOSTILE[0])
    const { id: agent } = await server.agent(ann, ben)
    document = await (await fetch(`${server.base()}/openapi.json`)).json()
    const system = (await ann.api.post('/v1/systems', { name: HOSTILE[1] })).json
    known.push(agent, ben.id, String(system.id), 'files', 'read')
    for (const [at, text] of HOSTILE.slice(0, 6).entries())
      await ann.api.post('/v1/agents', {
        name: text,
        class: text.slice(0, 64),
        purpose: HOSTILE[at + 1] ?? text,
        systems: [],
        manifest: { version: text.slice(0, 32), model: text },
      })
    const incident = { kind: 'manual', severity: 'high', title: HOSTILE[0], agent, alerts: [], entries: [] }
    const opened = (await ann.api.post('/v1/incidents', incident)).json
    filled.set('{agent}', agent)
    filled.set('{incident}', String(opened.incident ?? opened.id))
    await ann.api.post(`/v1/incidents/${filled.get('{incident}')}/notes`, { kind: 'note', text: HOSTILE[1] })
  }, 60_000)
  afterAll(() => server.remove())

  test('is no fault of the server at any operation, and every refusal has a code', async () => {
    const wrong: string[] = []
    let taken = 0
    let asked = 0
    const operations = operationsIn(document).filter(
      ({ method, path }) => !ENDLESS.test(path) && !LEFT_OUT.has(`${method} ${path}`),
    )
    for (const [n, operation] of operations.entries())
      for (const { target, body } of requestsTo(operation, n)) {
        const text = operation.method === 'GET' ? '' : body
        const answer = await ann.api.fetch(operation.method, target, text)
        const said = await answer.text()
        asked++
        if (answer.ok) taken++
        else if (answer.status >= 500 && answer.status !== 503)
          wrong.push(`${operation.method} ${target} ${text}: ${answer.status} ${said}`)
        else if (
          answer.headers.get('content-type')?.includes('json') &&
          !/"(?:code|error|status)"/.test(said)
        )
          wrong.push(`${operation.method} ${target}: ${answer.status} without a code: ${said.slice(0, 200)}`)
      }
    expect(wrong).toEqual([])
    expect(asked).toBeGreaterThan(CASES * 300)
    // Not all of it is refused: what follows looks at what was stored.
    expect(taken).toBeGreaterThan(300)
    expect(server.faults).toEqual([])
  }, 300_000)

  function requestsTo({ path, body, query }: Operation, n: number): { target: string; body: string }[] {
    const names = fc.constantFrom(...known, 'none', ...HOSTILE.map((text) => encodeURIComponent(text) || 'x'))
    const request = fc.record({
      params: fc.array(names, { minLength: 4, maxLength: 4 }),
      body: body === null ? fc.constant({}) : valuesOf(body, document, known),
      query: fc.record(
        Object.fromEntries(query.map(({ name, schema }) => [name, valuesOf(schema, document, known)])),
      ),
    })
    return fc.sample(request, { seed: SEED + n, numRuns: CASES }).map((one) => {
      let at = 0
      const target = path.replaceAll(/\{\w+\}/g, () => one.params[at++] ?? 'none')
      const said = Object.entries(one.query as Record<string, unknown>)
      const asked = said.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&')
      return { target: asked === '' ? target : `${target}?${asked}`, body: JSON.stringify(one.body) }
    })
  }

  describe.runIf(CHROMIUM_RUNS)('and stored', () => {
    let browser: Browser
    beforeAll(async () => {
      browser = await launchChromium()
    })
    afterAll(() => browser?.close())

    test('runs on no screen', async () => {
      const page = await signedIn(browser, server, ann)
      const faults: string[] = []
      page.on('pageerror', (error) => faults.push(String(error)))
      page.on('dialog', (dialog) => {
        faults.push(`dialog: ${dialog.message()}`)
        void dialog.dismiss()
      })
      page.on('console', (message) => {
        if (/Content Security Policy|Refused to/.test(message.text())) faults.push(message.text())
      })
      let seen = 0
      for (const address of Object.values({ ...SCREENS, ...PARTS })) {
        const path = address.replace(/\{\w+\}/, (one) => filled.get(one) ?? 'none')
        await page.goto(`${server.base()}/console${path}`)
        await page.locator('main h1, main h2, main [role="alert"]').first().waitFor()
        await expect
          .poll(() => page.locator('[role="status"][aria-label="Loading"]').count(), { timeout: 30_000 })
          .toBe(0)
        expect([path, await page.evaluate('window.pwned')]).toEqual([path, undefined])
        if ((await page.locator('body').innerText()).includes('onerror=')) seen++
      }
      expect(faults).toEqual([])
      expect(seen).toBeGreaterThan(3)
    }, 300_000)
  })
})
