/**
 * The verifier in a browser, over WebCrypto: the same function, the same vectors and the same answers as in Node.
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { softwareAuthenticator } from '../../src/adapters/software-authenticator/software-authenticator.ts'
import type { Signer } from '../../src/core/crypto.ts'
import { chainEditor } from '../fixtures/chain-edits.ts'
import { AUD, ISS, NOW_MS, RP, World } from '../fixtures/tokens.ts'
import { judge, type Answer, type DelegationVector } from '../vectors/judge.ts'
import { missing, SIGNATURE_FILES, signatureCases, type SignatureCase } from '../vectors/wycheproof.ts'
import { CHROMIUM_RUNS } from './chromium.ts'
import type { PageApi } from './entry.ts'
import { openPage, type TestPage } from './page.ts'

const FOLDER = resolve(import.meta.dirname, '../../vectors/delegation')
const vectors = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(resolve(FOLDER, name), 'utf8')) as DelegationVector)

const EDITS = 500
const TIMED = 50

let opened: TestPage
type Global = { readonly countersign: PageApi }
const inBrowser = (list: readonly DelegationVector[]): Promise<Answer[]> =>
  opened.page.evaluate(
    (each) => Promise.all(each.map((vector) => (globalThis as unknown as Global).countersign.judge(vector))),
    list,
  )
const verifiedInBrowser = (cases: readonly SignatureCase[]): Promise<boolean[]> =>
  opened.page.evaluate(
    (each) => Promise.all(each.map((one) => (globalThis as unknown as Global).countersign.verify(one))),
    cases,
  )

describe.skipIf(!CHROMIUM_RUNS)('in a browser', () => {
  beforeAll(async () => {
    opened = await openPage('entry.ts')
    return () => opened.close()
  })

  test.each(vectors)('$name gets the answer that it expects', async (vector) => {
    expect(await inBrowser([vector])).toEqual([vector.expect])
  })

  test(`${EDITS} random edits of good chains get the answers of Node`, async () => {
    const edited = randomEdits(EDITS)
    const answers = edited.map((vector) => judge(nodeCrypto, vector))
    expect(await inBrowser(edited)).toEqual(answers)
    const codes = Map.groupBy(answers, (answer) => (answer.ok ? 'ok' : answer.code))
    expect(codes.size).toBeGreaterThanOrEqual(8) // or the edits all fall at the first fence
    expect(codes.get('ok')!.length).toBeGreaterThan(EDITS / 20)
  })

  test('a chain of P-256 keys and a gesture by one are verified, and refused with another key', async () => {
    const world = new P256World()
    const good = vectorOf(world, world.chain(2))
    const { holder, issuer } = { holder: world.signer('agent-2'), issuer: world.issuer.publicJwk }
    const forged = world.forgeHop(world.chain(1), holder, (outer) => outer)
    const list = [good, { ...good, presentation: forged }]
    expect(issuer.kty).toBe('EC')
    expect(await inBrowser(list)).toEqual([
      { ok: true, grants_per_delegation: [2, 2, 2], agents: expect.any(Array) as string[] },
      { ok: false, code: 'SIGNATURE_INVALID' },
    ])
    expect(await inBrowser(list)).toEqual(list.map((vector) => judge(nodeCrypto, vector)))
  })

  test.for(SIGNATURE_FILES)('what is valid in %s verifies, and nothing else', async ([name], context) => {
    context.skip(missing(name))
    const cases = signatureCases(name)
    const accepted = await verifiedInBrowser(cases)
    expect(cases.filter((_, i) => accepted[i]).map(({ label }) => label)).toEqual(
      cases.filter(({ valid }) => valid).map(({ label }) => label),
    )
  })

  test('one chain of three takes some time, which is printed', async () => {
    const vector = vectors.find(({ name }) => name === 'two-hops')!
    const times_ms = await opened.page.evaluate(
      ([one, times]) => (globalThis as unknown as Global).countersign.time(one, times),
      [vector, TIMED] as const,
    )
    times_ms.sort((a, b) => a - b)
    const at = (share: number): string => times_ms[Math.floor(share * TIMED)]!.toFixed(1)
    process.stdout.write(`a chain of 3 in a browser: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms\n`)
    expect(times_ms).toHaveLength(TIMED)
  })

  test('a page that was not served securely is told so, and nothing is judged', async () => {
    const page = await opened.page.context().newPage()
    await page.route('http://insecure.example/**', async (route) => {
      const url = new URL(new URL(route.request().url()).pathname, opened.page.url()).href
      await route.fulfill({ response: await route.fetch({ url }) })
    })
    await page.goto('http://insecure.example/')
    const judged = page.evaluate(
      (vector) =>
        (globalThis as unknown as Global).countersign
          .judge(vector)
          .catch(({ code }: { code: string }) => code),
      vectors[0]!,
    )
    expect(await judged).toBe('CRYPTO_UNAVAILABLE')
  })

  test('the page had nothing to report, its policy against eval included', () => {
    expect(opened.reports).toEqual([])
  })
})

/** A world in which every key is P-256: new in each run, since these signatures are not the same twice anyway. */
class P256World extends World {
  static readonly #signers = new Map<string, Signer>()

  override signer(name: string): Signer {
    const known = P256World.#signers.get(name) ?? nodeCrypto.signer(nodeCrypto.generateKey('ES256'))
    P256World.#signers.set(name, known)
    return known
  }

  override authenticator() {
    return softwareAuthenticator(nodeCrypto, nodeCrypto.generateKey('ES256'), {
      rp_id: RP.rp_id,
      origin: RP.origins[0]!,
    })
  }
}

function vectorOf(world: World, presentation: string): DelegationVector {
  const trust = [{ iss: ISS, keys: [{ jwk: world.issuer.publicJwk }], ...RP }]
  return {
    name: '',
    description: '',
    now: NOW_MS,
    audience: AUD,
    trust,
    presentation,
    expect: { ok: false, code: 'WIDENED' },
  }
}

/** The good vectors of one issuer, damaged; every tenth asked too late, every tenth of a stranger. */
function randomEdits(count: number): DelegationVector[] {
  const root = vectors.find(({ name }) => name === 'root')!
  const trust = JSON.stringify(root.trust)
  const good = vectors.filter((each) => each.expect.ok && JSON.stringify(each.trust) === trust)
  const edited = chainEditor(
    20261123,
    good.map(({ presentation }) => presentation),
  )
  return Array.from({ length: count }, (_, i) => ({
    ...root,
    presentation: edited(),
    now: root.now + (i % 10 === 0 ? 7_200_000 : 0),
    audience: i % 10 === 1 ? 'pnt_of_another' : root.audience,
  }))
}
