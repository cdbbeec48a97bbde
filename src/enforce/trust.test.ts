/** Whom a point trusts: pins, signed lists, other issuers. spec/keys.md (KEY-6 to KEY-8). @module */
import { beforeEach, describe, expect, test } from 'vitest'
import { ISS, NOW_S, RP, SettableClock, World } from '../../test/fixtures/tokens.ts'
import type { ForeignIssuer, IssuerRecord } from '../core/issuer.ts'
import { thumbprint } from '../core/jwk.ts'
import type { RevocationView } from '../decide/decide.ts'
import type { Freshness } from '../log/receipt.ts'
import { signTrustList, type SignedTrustList, type TrustList } from '../revoke/trust-list.ts'
import { LIST_AGE_MAX_MS, LIST_TIME_MAX_MS, Trust } from './trust.ts'

const w = new World('trust')
const plane = w.signer('frames')
const FRESH: Freshness = { epoch: 1, head: 0, t: 0, age_ms: 0 }
const OTHER = 'other.example/log'

const own = (keys: IssuerRecord['keys'] = [{ jwk: w.issuer.publicJwk }]): IssuerRecord => ({
  iss: ISS,
  rp_id: RP.rp_id,
  origins: RP.origins,
  keys,
})
const other = (edit: Partial<ForeignIssuer> = {}): ForeignIssuer => ({
  iss: OTHER,
  rp_id: 'other.example',
  origins: ['https://other.example'],
  keys: [{ jwk: w.signer('other issuer').publicJwk }],
  control_plane: 'https://other.example',
  frame_key: w.signer('other frames').publicJwk,
  ...edit,
})

let clock: SettableClock
let trust: Trust
let followed: string[]
let stopped: string[]
/** What the other issuer's stream says. */
let theirs: { revoked: Set<string>; freshness: Freshness | null }
const home: RevocationView = { isRevoked: ({ handle }) => handle === 'ours', freshness: () => FRESH }

beforeEach(() => {
  clock = new SettableClock()
  followed = []
  stopped = []
  theirs = { revoked: new Set(), freshness: FRESH }
  trust = new Trust({
    crypto: w.crypto,
    clock,
    pinned: own(),
    frameKey: plane.publicJwk,
    revocations: home,
    follow: ({ iss, control_plane }) => {
      followed.push(control_plane)
      return {
        revocations: {
          isRevoked: ({ handle }) => theirs.revoked.has(handle),
          freshness: () => theirs.freshness,
        },
        stop: async () => void stopped.push(iss),
      }
    },
  })
})

/** The list that an honest control plane signs now. Time passes before the next. */
function list(issuers: TrustList['issuers'], edit: Partial<TrustList> = {}, signer = plane): SignedTrustList {
  clock.advance(1)
  return signTrustList(signer, { v: 1, iss: ISS, seq: 1, t: clock.now(), issuers, ...edit })
}
const take = (signed: SignedTrustList): string => trust.take(signed, clock.monotonic())
const answer = (chain: string): string => w.answer(chain, { trust: trust.chains })

describe('a point', () => {
  test('trusts what enrolment pinned until it has a list', () => {
    expect(answer(w.root())).toBe('ok')
    expect(trust.revocationsOf(ISS)).toBe(home)
    expect(trust.revocationsOf(null)).toBe(home)
    expect(trust.revocationsOf(OTHER).freshness()).toBeNull()
  })

  test('takes the keys of a list in place of those it had', () => {
    const rotated = w.signer('rotated')
    expect(take(list([own([{ jwk: rotated.publicJwk }])]))).toBe('taken')
    expect(answer(w.root())).toBe('ISSUER_UNKNOWN')
    const kid = thumbprint(w.crypto, rotated.publicJwk)
    expect(answer(w.forgeRoot(w.root(), (payload) => payload, { signer: rotated, header: { kid } }))).toBe(
      'ok',
    )
  })

  test('refuses what a retired key signed at or after its retirement', () => {
    take(list([own([{ jwk: w.issuer.publicJwk, retired_at: NOW_S + 1 }])]))
    expect(answer(w.root())).toBe('ok')
    take(list([own([{ jwk: w.issuer.publicJwk, retired_at: NOW_S }])]))
    expect(answer(w.root())).toBe('KEY_RETIRED')
  })
})

describe('a list', () => {
  const forged = [own([{ jwk: w.signer('thief').publicJwk }])] as TrustList['issuers']

  test.each([
    ['signed by another key', () => list(forged, {}, w.signer('thief'))],
    ['signed by the issuer key', () => list(forged, {}, w.issuer)],
    ['of another control plane', () => list(forged, { iss: OTHER })],
    ['whose first issuer is another', () => list([other()])],
    ['signed too long ago', () => list(forged, { t: clock.now() - LIST_TIME_MAX_MS - 1 })],
    ['of the future', () => list(forged, { t: clock.now() + LIST_TIME_MAX_MS + 10 })],
    [
      'with a key of small order',
      () => list([own([{ jwk: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) } }])]),
    ],
    ['that was changed', () => ({ ...list(forged), list: list([own()]).list })],
  ])('%s is refused and changes nothing', (_, make) => {
    expect(take(make())).toBe('refused')
    expect(answer(w.root())).toBe('ok')
    expect(followed).toEqual([])
  })

  test('with a lower number than the last is refused, whenever it was signed', () => {
    const rolledBack = list([own(), other()], { seq: 3 })
    expect(take(list([own()], { seq: 4 }))).toBe('taken')
    expect(take(rolledBack)).toBe('refused')
    expect(take(list([own(), other()], { seq: 3 }))).toBe('refused')
    expect(take(list([own()], { seq: 4 }))).toBe('taken')
    expect(followed).toEqual([])
  })

  test('that comes again is no news', () => {
    const signed = list([own(), other()])
    take(signed)
    clock.advance(LIST_AGE_MAX_MS + 1)
    expect(take(signed)).toBe('ignored')
    expect(trust.revocationsOf(OTHER).freshness()).toBeNull()
  })
})

describe('another issuer', () => {
  beforeEach(() => {
    take(list([own(), other()]))
  })

  test('is followed where the list says, once, until the list says otherwise', () => {
    take(list([own(), other({ keys: [{ jwk: w.signer('rotated').publicJwk }] })]))
    expect(followed).toEqual(['https://other.example'])
    take(list([own(), other({ control_plane: 'https://moved.example' })]))
    expect([followed.at(-1), stopped]).toEqual(['https://moved.example', [OTHER]])
    take(list([own()]))
    expect(stopped).toEqual([OTHER, OTHER])
    expect(trust.revocationsOf(OTHER).freshness()).toBeNull()
    expect(trust.chains.has(OTHER)).toBe(false)
  })

  test('revokes nothing of ours, and we nothing of theirs', () => {
    theirs.revoked.add('theirs')
    const ask = (iss: string, handle: string): boolean =>
      trust.revocationsOf(iss).isRevoked({ kind: 'agent', handle })
    expect([ask(ISS, 'ours'), ask(ISS, 'theirs'), ask(OTHER, 'ours'), ask(OTHER, 'theirs')]).toEqual([
      true,
      false,
      false,
      true,
    ])
  })

  test('ends what rests on a key that its record has no more, though its stream says nothing', () => {
    const kid = thumbprint(w.crypto, w.signer('other issuer').publicJwk)
    const gone = (): boolean => trust.revocationsOf(OTHER).isRevoked({ kind: 'issuer', handle: kid })
    take(list([own(), other()], { seq: 1000 }))
    expect(gone()).toBe(false)
    take(list([own(), other({ keys: [{ jwk: w.signer('its next key').publicJwk }] })], { seq: 1001 }))
    expect(gone()).toBe(true)
  })

  test('is stale when its own stream is, and when the list that names it is old', () => {
    const fresh = (): Freshness | null => trust.revocationsOf(OTHER).freshness()
    expect(fresh()).toEqual(FRESH)
    theirs.freshness = null
    expect(fresh()).toBeNull()
    theirs.freshness = FRESH
    clock.advance(LIST_AGE_MAX_MS)
    expect(fresh()).toEqual(FRESH)
    clock.advance(1)
    expect(fresh()).toBeNull()
    expect(trust.revocationsOf(ISS).freshness()).toEqual(FRESH)
    take(list([own(), other()]))
    expect(fresh()).toEqual(FRESH)
  })

  test('signs nothing in our name, and we nothing in theirs', () => {
    const foreign = w.signer('other issuer')
    const kid = thumbprint(w.crypto, foreign.publicJwk)
    const inOurName = w.forgeRoot(w.root(), (payload) => payload, { signer: foreign, header: { kid } })
    expect(answer(inOurName)).toBe('ISSUER_UNKNOWN')
    const inTheirs = w.forgeRoot(w.root(), (payload) => ({ ...payload, iss: OTHER }))
    expect(answer(inTheirs)).toBe('ISSUER_UNKNOWN')
  })

  test('is followed no more once the point stops', async () => {
    await trust.stop()
    expect(stopped).toEqual([OTHER])
  })
})
