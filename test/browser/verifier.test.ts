/**
 * `verify.html` in a real browser, from a file and with the network cut off: it judges packs as the command line does,
 * axe finds nothing, and nothing is asked for. docs/verifying.md
 * @module
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifierFiles } from '../../apps/verifier/build.ts'
import { signCheckpoint } from '../../src/log/checkpoint.ts'
import { cosignerKey, formatCosignerVkey } from '../../src/log/cosignature.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { TILE_WIDTH } from '../../src/log/tiles.ts'
import { LogBuilder, ORIGIN } from '../fixtures/history.ts'
import { reportedPack, type ReportedPack } from '../fixtures/reported.ts'
import { cosignedPack, strangersKey, tamperedPacks, witnessOf } from '../fixtures/tampered.ts'
import { CHROMIUM_RUNS, CONTEXT, launchChromium } from './chromium.ts'

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  'light and wide': { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  'dark and wide': { colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  'light and narrow': { colorScheme: 'light', viewport: { width: 360, height: 740 } },
  'dark and narrow': { colorScheme: 'dark', viewport: { width: 360, height: 740 } },
}
const TELL_BREACHES = `document.addEventListener('securitypolicyviolation', (event) =>
  console.error('breach of', event.violatedDirective, 'by', event.blockedURI))`

interface Found {
  readonly violations: readonly {
    readonly id: string
    readonly nodes: readonly { readonly html: string }[]
  }[]
}

describe.skipIf(!CHROMIUM_RUNS)(
  `verify.html${CHROMIUM_RUNS ? '' : ' (skipped: no Chromium for this machine)'}`,
  { timeout: 120_000 },
  () => {
    let browser: Browser
    let folder: string
    let pack: ReportedPack
    const asked: string[] = []
    const complaints: string[] = []

    beforeAll(async () => {
      pack = await reportedPack(null)
      folder = await mkdtemp(join(tmpdir(), 'verifier-'))
      await writeFile(join(folder, 'verify.html'), (await verifierFiles()).get('verify.html') ?? '')
      browser = await launchChromium()
    }, 120_000)
    afterAll(async () => {
      await browser.close()
      await rm(folder, { recursive: true })
    })

    async function open(look: BrowserContextOptions = {}): Promise<Page> {
      const context = await browser.newContext({ ...CONTEXT, ...look, offline: true })
      const page = await context.newPage()
      page.on('request', (request) => asked.push(request.url()))
      page.on('console', (message) => complaints.push(message.text()))
      page.on('pageerror', (error) => complaints.push(String(error)))
      await page.addInitScript(TELL_BREACHES)
      await page.goto(pathToFileURL(join(folder, 'verify.html')).href)
      return page
    }

    /** Gives a pack and reads what the page says of it. */
    async function judged(
      page: Page,
      bytes: Uint8Array,
      key = pack.vkey,
      held: Uint8Array[] = [],
    ): Promise<string> {
      const file = { name: 'pack.zip', mimeType: 'application/zip', buffer: Buffer.from(bytes) }
      await page.getByLabel('Evidence pack').setInputFiles(file)
      await page.getByLabel("The log's verifier key").fill(key)
      const notes = held.map((note, i) => ({
        name: `held-${i}`,
        mimeType: 'text/plain',
        buffer: Buffer.from(note),
      }))
      await page.getByLabel('Checkpoints that you hold').setInputFiles(notes)
      await page.getByRole('button', { name: 'Verify' }).click()
      await page.locator('#answer').waitFor({ state: 'visible', timeout: 60_000 })
      return page.locator('#answer').innerText()
    }

    async function objections(page: Page): Promise<unknown[]> {
      await page.evaluate(await readFile(AXE, 'utf8'))
      const { violations } = await page.evaluate<Found>('axe.run()')
      return violations.map(({ id, nodes }) => [id, nodes[0]?.html])
    }

    describe.each(Object.entries(LOOKS))('%s', (name, look) => {
      test('shows what a pack comes to; axe objects to nothing, and nothing scrolls sideways', async () => {
        const page = await open(look)
        expect(await objections(page)).toEqual([])
        const text = await judged(page, pack.bytes)
        expect(text).toContain('Everything recomputes')
        // One output of this log left with nobody behind it.
        expect(text).toMatch(/\d+ tests? ha(s|ve) deviations/)
        expect(text).toContain('OUTPUT_NOT_ATTESTED')
        expect(text).toContain('SIMULATED DATA')
        expect(text).toContain('What was not checked')
        expect(text).toContain('did not occur')
        expect(await page.evaluate('document.activeElement.tagName')).toBe('H2')
        expect(await objections(page)).toEqual([])
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(
          0,
        )
        const shots = process.env.SCREENSHOTS
        if (shots !== undefined)
          await page.screenshot({
            path: join(shots, `verify ${name}.png`.replaceAll(' ', '-')),
            fullPage: true,
          })
        await page.context().close()
      })
    })

    test('names what is wrong with every bad input, and a key that is not the log’s', async () => {
      const page = await open()
      for (const { name, pack: bad, code } of tamperedPacks(pack.log, pack.bytes))
        expect([name, await judged(page, bad)]).toEqual([name, expect.stringContaining(code)])
      const stranger = await judged(page, pack.bytes, strangersKey(pack.log))
      expect(stranger).toContain('CHECKPOINT_INVALID')
      expect(stranger).toContain('The pack is not what it claims to be')
      expect(await judged(page, pack.bytes, 'no key')).toContain('VKEY_INVALID')
    })

    test('compares a checkpoint that the reader holds, and says when none was given', async () => {
      const page = await open()
      expect(await judged(page, pack.bytes)).toContain('no earlier checkpoint was given')
      const good = await judged(page, pack.bytes, pack.vkey, [pack.log.checkpointAt(5)])
      expect(good).toContain('holds: checkpoints that you hold are beginnings of this tree (1)')
      const signer = pack.log.world.signer('log')
      const forked = signCheckpoint(nodeCrypto, signer, { origin: ORIGIN, size: 5, root: new Uint8Array(32) })
      expect(await judged(page, pack.bytes, pack.vkey, [forked])).toMatch(
        /First, HELD_CHECKPOINT_FORKED.*held-0/,
      )
    })

    test('says which witnesses whose keys it was given cosigned', async () => {
      const page = await open()
      const key = witnessOf(pack.log)
      const seen = cosignedPack(pack.log, pack.bytes)
      expect(await judged(page, seen)).toContain('no key of a witness was given')
      const stranger = pack.log.world.signer('stranger').publicJwk
      const other = cosignerKey(nodeCrypto, 'witness.example/w2', stranger)
      const field = page.getByLabel('Keys of witnesses that you trust')
      await field.fill(`${formatCosignerVkey(key)}\n\n${formatCosignerVkey(other)}`)
      const said = await judged(page, seen)
      expect(said).toContain('checkpoint is cosigned by witness.example/w1')
      expect(said).toContain('that witness.example/w2 saw the tree of checkpoint')
      await page.context().close()
    })

    test('rolls an earlier pack forward', async () => {
      const page = await open()
      const buffer = Buffer.from(pack.bytes)
      const earlier = { name: 'march.zip', mimeType: 'application/zip', buffer }
      await page.getByLabel('A pack that you were given before').setInputFiles(earlier)
      const text = await judged(page, pack.bytes)
      expect(text).toContain('Since the earlier pack')
      expect(text).toMatch(/\d+ other populations are the same, byte for byte/)
    })

    describe('beside workers that read bundles', () => {
      /** Of two whole bundles and a bit. */
      const log = new LogBuilder().company()
      let bytes: Uint8Array
      let alone: string
      const told = (text: string): string => text.replace(/verified in .* s/, '')

      beforeAll(async () => {
        const chain = log.root('bot')
        while (log.entries.length < 2 * TILE_WIDTH) log.outcome(log.decide(chain).action)
        log.head()
        bytes = await log.pack(0)
        alone = told(await judged(await open(), bytes, log.vkey))
      })

      /** Of a page for which each pack is worth workers. @param more done to its workers before it starts any */
      async function pageWithReaders(more = ''): Promise<Page> {
        const page = await open()
        await page.evaluate(`document.getElementById('form').dataset.readersFrom = '0'
          globalThis.read = 0
          const Plain = MessageChannel
          class Heard extends Plain {
            constructor() {
              super()
              const { port1, port2 } = new Plain()
              const reader = this.port2
              reader.onmessage = ({ data }) => {
                if (data.read) globalThis.read++
                port1.postMessage(data)
              }
              port1.onmessage = ({ data }) => reader.postMessage(data)
              Object.defineProperty(this, 'port2', { value: port2 })
            }
          }
          globalThis.MessageChannel = Heard
          ${more}`)
        return page
      }

      test('says what it says without, of what they read', async () => {
        const page = await pageWithReaders()
        expect(told(await judged(page, bytes, log.vkey))).toBe(alone)
        expect(await page.evaluate('globalThis.read')).toBe(2)
      })

      test('and without those that fail', async () => {
        const page = await pageWithReaders(`const Own = Worker
          globalThis.Worker = class extends Own {
            postMessage(said, memory) {
              if (said.kind !== 'read') return super.postMessage(said, memory)
              // Once whoever started it listens.
              queueMicrotask(() => this.dispatchEvent(new ErrorEvent('error')))
            }
          }`)
        expect(told(await judged(page, bytes, log.vkey))).toBe(alone)
        expect(await page.evaluate('globalThis.read')).toBe(0)
      })
    })

    test('asks for a pack and a key before it begins', async () => {
      const page = await open()
      await page.getByRole('button', { name: 'Verify' }).click()
      expect(await page.locator('main').innerText()).toContain('Choose the pack first.')
      expect(await page.locator('#answer').isVisible()).toBe(false)
    })

    test('takes a pack that is dropped on it', async () => {
      const page = await open()
      const base64 = JSON.stringify(Buffer.from(pack.bytes).toString('base64'))
      await page.evaluate(`{
        const transfer = new DataTransfer()
        const bytes = Uint8Array.from(atob(${base64}), (char) => char.charCodeAt(0))
        transfer.items.add(new File([bytes], 'dropped.zip'))
        const event = new DragEvent('drop', { dataTransfer: transfer, bubbles: true })
        document.getElementById('drop').dispatchEvent(event)
      }`)
      await page.getByLabel("The log's verifier key").fill(pack.vkey)
      await page.getByRole('button', { name: 'Verify' }).click()
      await page.locator('#answer').waitFor({ state: 'visible', timeout: 60_000 })
      expect(await page.locator('#answer').innerText()).toContain('Everything recomputes')
    })

    test('asked for nothing but itself, and its policy had nothing to report', () => {
      expect(asked.filter((url) => !/^(file:.*verify\.html$|blob:|data:)/.test(url))).toEqual([])
      expect(complaints).toEqual([])
    })
  },
)
