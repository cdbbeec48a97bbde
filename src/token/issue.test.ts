import { describe, expect, test } from 'vitest'
import {
  AGENT,
  AUD,
  digestOf,
  FILES,
  grantsOf,
  ISS,
  MAIL,
  NOW_S,
  RP,
  segmentsIn,
  World,
} from '../../test/fixtures/tokens.ts'
import { parseJws } from '../core/sign.ts'
import { draftRoot, sealRoot, signStatement, type RootInput } from './issue.ts'
import { lastDelegation, narrow, signHop, type HopInput } from './narrow.ts'
import { chainText, parsePresentation, segmentText } from './presentation.ts'
import { segmentsOf } from './segment.ts'

const w = new World()
const draft = (edit: Partial<RootInput> = {}) => draftRoot(w.crypto, w.issuer, w.rootInput(edit))

describe('issuing', () => {
  test('hides grants and claims about people behind digests', () => {
    const text = JSON.stringify(draft({ instruction: 'tidy up', sub: 'per_1' }).payload)
    for (const secret of ['files', 'tidy up', 'per_1']) expect(text).not.toContain(secret)
  })

  test('refuses a life that is empty or over 90 days', () => {
    expect(() => draft({ exp: NOW_S })).toThrowWithCode('TOKEN_MALFORMED')
    expect(() => draft({ exp: NOW_S + 90 * 86_400 + 1 })).toThrowWithCode('TOKEN_MALFORMED')
  })

  test('refuses a grant that does not fit, and says where', () => {
    expect(() => draft({ grants: [{ ...FILES, actions: [] }] })).toThrow(/actions/)
    expect(() => draft({ grants: [{ ...FILES, actions: [] }] })).toThrowWithCode('GRANT_INVALID')
    expect(() => draft({ grants: [{ ...FILES, from: digestOf('x') }] })).toThrowWithCode('GRANT_INVALID')
  })

  test('seals nothing without a gesture over exactly this draft', () => {
    const one = draft()
    const seal = (d = one, g = [w.gesture(one.challenge)]) => sealRoot(w.crypto, w.issuer, RP, d, g)
    expect(w.answer(seal())).toBe('ok')
    expect(() => seal(one, [])).toThrowWithCode('TOKEN_MALFORMED')
    expect(() => seal(one, [w.gesture(draft({ depth_max: 8 }).challenge)])).toThrowWithCode('GESTURE_INVALID')
    expect(() => seal({ ...one, payload: { ...one.payload, depth_max: 8 } })).toThrowWithCode(
      'GESTURE_INVALID',
    )
    expect(() => seal(one, [w.gesture(one.challenge, { rev: 'rev_2' })])).toThrowWithCode('GESTURE_INVALID')
    expect(() => seal(one, [w.gesture(one.challenge, { role: 'approver' })])).toThrowWithCode(
      'GESTURE_INVALID',
    )
  })

  test('seals nothing that a verifier would refuse', () => {
    const sealed = (edit: Partial<RootInput>) => {
      const one = draft(edit)
      return sealRoot(w.crypto, w.issuer, RP, one, [w.gesture(one.challenge)])
    }
    expect(() => sealed({ aud: [] })).toThrowWithCode('TOKEN_MALFORMED')
    expect(() => sealed({ depth_max: 9 })).toThrowWithCode('TOKEN_MALFORMED')
    const long = {
      ...FILES,
      constraints: { path: { in: Array.from({ length: 40 }, (_, i) => String(i).padEnd(1000, 'x')) } },
    }
    expect(() => sealed({ grants: [long, MAIL] })).toThrowWithCode('TOKEN_TOO_LARGE')
  })

  test('signs statements of at most a day', () => {
    const good = {
      iss: ISS,
      agent: AGENT.id,
      class: 'x',
      jkt: digestOf('key'),
      iat: NOW_S,
      exp: NOW_S + 86_400,
    }
    expect(parseJws(signStatement(w.crypto, w.issuer, good)).payload).toEqual(good)
    for (const edit of [{ exp: NOW_S + 86_401 }, { exp: NOW_S }, { jkt: 'short' }]) {
      expect(() => signStatement(w.crypto, w.issuer, { ...good, ...edit })).toThrowWithCode(
        'STATEMENT_INVALID',
      )
    }
  })
})

describe('narrowing', () => {
  const root = w.root({ instruction: 'tidy up' })
  const [files] = grantsOf(w.crypto, root)
  const child = { ...files!.grant, from: files!.digest, actions: ['read'] }
  const input = (edit: Partial<HopInput> = {}): HopInput => ({
    jti: 'dlg_2',
    iat: NOW_S,
    nbf: NOW_S,
    exp: NOW_S + 60,
    aud: [AUD],
    holder: w.signer('agent-2').publicJwk,
    statement: w.statement('agent-2'),
    grants: [child],
    depth_max: 1,
    ...edit,
  })
  const by = (name: string, edit: Partial<HopInput> = {}, chain = root): string =>
    narrow(w.crypto, chain, w.signer(name), input(edit))

  test('gives a chain that verifies, again and again', () => {
    const one = by('agent-1', { depth_max: 2 })
    expect(w.answer(one)).toBe('ok')
    const [grant] = grantsOf(w.crypto, one)
    const two = narrow(
      w.crypto,
      one,
      w.signer('agent-2'),
      input({
        jti: 'dlg_3',
        holder: w.signer('agent-3').publicJwk,
        statement: w.statement('agent-3'),
        grants: [{ ...grant!.grant, from: grant!.digest }],
        depth_max: 2,
      }),
    )
    expect(w.answer(two)).toBe('ok')
    expect(lastDelegation(w.crypto, two).payload.jti).toBe('dlg_3')
  })

  test('is the holder’s to do', () => {
    expect(() => by('thief')).toThrowWithCode('SIGNATURE_INVALID')
  })

  test('refuses to sign what widens', () => {
    expect(() => by('agent-1', { grants: [{ ...child, actions: ['delete'] }] })).toThrowWithCode('WIDENED')
    expect(() => by('agent-1', { exp: NOW_S + 3601 })).toThrowWithCode('WIDENED')
    expect(() => by('agent-1', { depth_max: 4 })).toThrowWithCode('WIDENED')
    expect(() => by('agent-1', { grants: [{ ...child, from: digestOf('x') }] })).toThrowWithCode(
      'PARENT_GRANT_HIDDEN',
    )
    expect(() => by('agent-1', { grants: [FILES] })).toThrowWithCode('PARENT_GRANT_HIDDEN')
    const hidden = chainText(segmentsIn(root).map((segment) => ({ ...segment, disclosures: [] })))
    expect(() => by('agent-1', {}, hidden)).toThrowWithCode('PARENT_GRANT_HIDDEN')
  })

  test('refuses a chain that does not parse', () => {
    expect(() => by('agent-1', {}, 'x')).toThrowWithCode('TOKEN_MALFORMED')
    const statement = w.statement('agent-2')
    expect(() => by('agent-1', {}, `${statement}~`)).toThrowWithCode('TOKEN_MALFORMED')
    expect(() => by('agent-1', {}, `${root.slice(0, -1)}~~${statement}~`)).toThrowWithCode('TOKEN_MALFORMED')
    expect(() => signHop(w.crypto, '', w.signer('agent-1'), input())).toThrowWithCode('TOKEN_MALFORMED')
  })
})

describe('segments for the log', () => {
  const chain = w.hop(w.root({ instruction: 'tidy up', sub: 'per_1' }), 'agent-1', 'agent-2')
  const kept = segmentsOf(w.crypto, chain)

  test('name their parents and carry grants but nothing about people', () => {
    expect(kept.map(({ parent }) => parent)).toEqual([null, kept[0]!.id])
    expect(new Set(kept.map(({ id }) => id)).size).toBe(2)
    const disclosed = kept.map(({ segment }) => segment.split('~').length - 2)
    expect(disclosed).toEqual([2, 2])
    const text = kept
      .flatMap(({ segment }) => segment.split('~').slice(1))
      .map((each) => Buffer.from(each, 'base64url').toString())
    expect(text.join()).not.toMatch(/tidy up|per_1/)
  })

  test('still verify', () => {
    expect(w.answer(kept.map(({ segment }) => segment).join('~'))).toBe('ok')
  })

  test('have another ID with another parent or another text', () => {
    const [one] = segmentsOf(w.crypto, w.root())
    expect(one!.id).not.toBe(kept[0]!.id)
    expect(segmentsOf(w.crypto, chain)).toEqual(kept)
  })
})

test('a presentation is taken apart and put together again', () => {
  const chain = w.chain(2)
  const { segments, proof } = parsePresentation(`${chain}a.b.c`)
  expect(proof).toBe('a.b.c')
  expect(chainText(segments)).toBe(chain)
  expect(segments.map(segmentText).join('~')).toBe(chain)
})
