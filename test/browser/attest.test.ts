/** The page `/attest` in a real browser, served by a real control plane: what it says of a file that somebody drops. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createServer, type RunningServer } from '../../apps/server/server.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { canonicalBytes, type JsonObject } from '../../src/core/json.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { withMailField } from '../../src/provenance/carriers/fields.ts'
import { toCompact } from '../../src/provenance/carriers/compact.ts'
import { signEnvelope } from '../../src/provenance/dsse.ts'
import { readBundle, type Statement } from '../../src/provenance/statement.ts'
import { AttestationWorld, CONTENT, DISCLOSED, FILE, NAME } from '../../vectors/attestation/world.ts'
import { CHROMIUM_RUNS, CONTEXT, launchChromium } from './chromium.ts'

/** Commands are processes of their own. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const folder = mkdtempSync(join(tmpdir(), 'countersign-attest-page-'))
const w = new AttestationWorld('page')
const MAIL = 'From: ada@example.org\r\nTo: bob@example.org\r\nSubject: Refund\r\n\r\nIt is on its way.\r\n'

describe.runIf(CHROMIUM_RUNS)('the page of attestations', () => {
  let server: RunningServer
  let browser: Browser
  let page: Page
  const reports: string[] = []
  const requests: { url: string; body: string | null }[] = []

  /** As the control plane whose page it is would have issued it: signed with the key in its folder. */
  function issued(statement: Statement): JsonObject {
    const jwk = JSON.parse(readFileSync(join(folder, 'data', 'keys', 'issuer.jwk'), 'utf8')) as PrivateJwk
    const signer = nodeCrypto.signer(jwk)
    const kid = thumbprint(nodeCrypto, signer.publicJwk)
    const envelope = { ...signEnvelope(nodeCrypto, signer, canonicalBytes(statement)) }
    return { v: 1, envelope, keys: [{ kid, jwk: { ...signer.publicJwk } }], disclosures: DISCLOSED }
  }
  const put = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const drop = async (...files: string[]): Promise<string> => {
    await page.goto(`${server.url}/attest`)
    await page.setInputFiles('#files', files)
    const answers = ['good', 'bad', 'failed'].map((state) => `#answer[data-state=${state}]`)
    await page.waitForSelector([...answers, '#answer[data-state=waiting] .warning'].join(', '))
    return page.innerText('#answer')
  }

  beforeAll(async () => {
    server = await createServer({ dataDir: join(folder, 'data') })
    browser = await launchChromium()
    page = await (await browser.newContext(CONTEXT)).newPage()
    page.on('console', (message) => reports.push(message.text()))
    page.on('pageerror', (error) => reports.push(String(error)))
    page.on('request', (request) => requests.push({ url: request.url(), body: request.postData() }))
    put(FILE, CONTENT)
    put(`${FILE}.attestation.json`, canonicalBytes(issued(w.good('supervised'))))
  })
  afterAll(async () => {
    await browser.close()
    await server.close()
    rmSync(folder, { recursive: true })
  })

  test('says who stands behind a file, and that the issuer was not heard of it', async () => {
    const said = await drop(join(folder, FILE), join(folder, `${FILE}.attestation.json`))
    expect(said).toContain(`${NAME} reviewed this`)
    expect(said).toContain('may have been withdrawn since')
    expect(said).toContain('3 minutes')
  })

  test('says what the issuer says of it since', async () => {
    await page.route('**/v1/public/attestations/*', (route) =>
      route.fulfill({ json: { state: 'withdrawn' } }),
    )
    expect(await drop(join(folder, FILE), join(folder, `${FILE}.attestation.json`))).toContain(
      'was withdrawn',
    )
    await page.unroute('**/v1/public/attestations/*')
    await page.route('**/v1/public/attestations/*', (route) => route.fulfill({ json: { state: 'valid' } }))
    expect(await drop(join(folder, FILE), join(folder, `${FILE}.attestation.json`))).not.toContain(
      'withdrawn',
    )
    await page.unroute('**/v1/public/attestations/*')
  })

  test.each<[string, string, string]>([
    ['changed by one byte', CONTENT.replace('42', '43'), 'This file was changed'],
    ['with other line endings', CONTENT.replaceAll('\n', '\r\n'), 'Only its line endings were changed'],
  ])('knows a file that was %s', async (_, content, words) => {
    expect(await drop(put('other.txt', content), join(folder, `${FILE}.attestation.json`))).toContain(words)
  })

  test('refuses an attestation of another issuer, and what is none', async () => {
    const theirs = put('theirs.attestation.json', canonicalBytes(w.bundle(w.good('supervised'))))
    expect(await drop(join(folder, FILE), theirs)).toContain('another issuer')
    expect(await drop(join(folder, FILE), put('none.attestation.json', '{}'))).toContain(
      'That is no attestation',
    )
    expect(await drop(join(folder, FILE))).toContain('Now drop its attestation')
  })

  test('reads a mail that carries its own', async () => {
    const bundle = readBundle(
      canonicalBytes(issued(w.good('directed', {}, [w.subject(MAIL, 'mail', 'mail')]))),
    )
    const mail = put('mail.eml', withMailField(Buffer.from(MAIL), toCompact(bundle)))
    expect(await drop(mail)).toContain('directed this')
  })

  test('sends nothing of the file anywhere, breaks no rule of its policy, and fits a narrow screen', async () => {
    expect(new Set(requests.map(({ url }) => new URL(url).origin))).toEqual(new Set([server.url]))
    expect(requests.every(({ body }) => body === null)).toBe(true)
    // A lookup that the control plane answers with 404 is on the console; nothing else is.
    expect(reports.filter((report) => !/status of 404/.test(report))).toEqual([])
    for (const width of [360, 1200])
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: 800 })
        await page.emulateMedia({ colorScheme })
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
        if (process.env.SHOTS !== undefined)
          await page.screenshot({ path: join(process.env.SHOTS, `attest-${width}-${colorScheme}.png`) })
      }
  })
})
