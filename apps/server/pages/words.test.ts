import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { canonicalize as ours, parseJson, type JsonValue } from '../../../src/core/json.ts'
import { ACT_TAG, ROOT_TAG } from '../../../src/token/constants.ts'
import { challengeOf as ourChallenge } from '../../../src/token/gesture.ts'
import type { Grant } from '../../../src/token/grant.ts'
import { draftRoot } from '../../../src/token/issue.ts'
import { World } from '../../../test/fixtures/tokens.ts'
// @ts-expect-error plain JavaScript for browsers
import { duration } from './plain.js'
// @ts-expect-error plain JavaScript for browsers
import * as page from './shown.js'
// @ts-expect-error plain JavaScript for browsers
import * as words from './words.js'

interface View {
  title: string
  lead: string
  sections: { heading: string; rows: { label: string; lines: string[]; id?: string }[] }[]
}

const world = new World('words')
const person = { id: 'per_a', name: 'Ann', rev: 'rev_a' }

function question(grants: Grant[], edit: object = {}) {
  const input = world.rootInput({ grants, rev: ['rev_a'], instruction: 'Do it.', ...edit })
  const { header, payload, disclosures, challenge } = draftRoot(nodeCrypto, world.issuer, input)
  const shown = { tag: ROOT_TAG, value: { header, payload } as JsonValue, disclosures }
  return { kind: 'gesture', person, jkt: 'K', challenge, shown, names: {}, entry: null }
}

const viewOf = (asked: object): View => words.viewOf(asked) as View
const linesOf = (view: View, label: string): string[] =>
  view.sections.flatMap(({ rows }) => rows.filter((row) => row.label === label).flatMap(({ lines }) => lines))

test('says of whose data alone an agent may use, and of a consent that nobody knows its handle', () => {
  const asked = question([{ type: 'tool', server: 's', actions: ['a'] }], { consent: 'rev_c' })
  expect(linesOf(viewOf(asked), 'Whose data')).toEqual(['rev_c'])
  const named = { ...asked, names: { rev_c: 'the data subject dsb_1 alone' } }
  expect(linesOf(viewOf(named), 'Whose data')).toEqual(['the data subject dsb_1 alone'])
  expect(viewOf(question([])).sections.flatMap(({ rows }) => rows.map(({ label }) => label))).not.toContain(
    'Whose data',
  )
})

describe('what the page computes', () => {
  test.each<JsonValue>([
    { b: 1, a: [true, null, 'ü\u2028"\\'], '': {} },
    { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, ö: 7 },
    [1e-7, 0.1, -0, 333333333.3333333],
  ])('is canonical JSON as everywhere else: %j', (value) => {
    expect(page.canonicalize(JSON.parse(ours(value)))).toBe(ours(parseJson(ours(value))))
  })

  test('is the challenge of what it shows, and of nothing else', async () => {
    const { challenge, shown } = question([{ type: 'tool', server: 's', actions: ['a'] }])
    expect(await page.isWhatItShows(challenge, shown)).toBe(true)
    const [first, ...rest] = shown.disclosures
    const other = nodeCrypto.randomBytes(40)
    const forged = Buffer.from(other).toString('base64url')
    for (const disclosures of [rest, [...shown.disclosures, forged], [forged, ...rest], [first, first]])
      expect(await page.isWhatItShows(challenge, { ...shown, disclosures })).toBe(false)
    expect(await page.isWhatItShows(challenge, { ...shown, tag: ACT_TAG })).toBe(false)
    const act = { act: 'agent.approve', agent: 'agt_a' }
    const over = ourChallenge(nodeCrypto, ACT_TAG, act)
    expect(await page.isWhatItShows(over, { tag: ACT_TAG, value: act })).toBe(true)
    expect(await page.isWhatItShows(over, { tag: ACT_TAG, value: { ...act, agent: 'agt_b' } })).toBe(false)
    expect(await page.isWhatItShows(over, { tag: ACT_TAG, value: act, disclosures: [forged] })).toBe(false)
  })
})

describe('the words for a delegation', () => {
  test('say every rule of an argument', () => {
    const view = viewOf(
      question([
        {
          type: 'tool',
          server: 'bank',
          actions: ['pay'],
          constraints: {
            to: { in: ['a', 'b'] },
            from: { in: [7] },
            path: { glob: '/x/**' },
            amount: { min: 1, max: 500 },
            memo: { pattern: '[a-z]+', required: false },
            note: { required: true },
            extra: { required: false },
            cc: { forbidden: true },
          },
        },
      ]),
    )
    expect(linesOf(view, 'Arguments')).toEqual([
      'to is one of "a", "b"',
      'from is 7',
      'path matches /x/**',
      'amount is at least 1 and is at most 500',
      'memo matches the pattern [a-z]+, or is absent',
      'note is given',
      'extra may be absent',
      'cc must be absent',
    ])
  })

  test('say every limit, and that there is none', () => {
    const limited = viewOf(
      question([
        {
          type: 'tool',
          server: 'bank',
          actions: ['pay'],
          limits: [
            { measure: 'calls', unit: '1', max: 1, per: 'hour' },
            { measure: 'amount', unit: 'EUR', max: 250_000, per: 'delegation' },
            { measure: 'bytes', unit: 'B', max: 10, per: 'call' },
          ],
        },
      ]),
    )
    expect(linesOf(limited, 'Limits')).toEqual([
      'At most 1 call an hour',
      'At most amount of 250,000 EUR in all',
      'At most bytes of 10 B in each call',
    ])
    const free = viewOf(question([{ type: 'tool', server: 'bank', actions: ['*'] }]))
    expect(linesOf(free, 'Tools')).toEqual(['Every tool of this server'])
    expect(linesOf(free, 'Arguments')).toEqual(['Any'])
    expect(linesOf(free, 'Limits')).toEqual(['None: as often as it likes'])
  })

  test('leave out nothing that they do not know', () => {
    const asked = question([{ type: 'tool', server: 's', actions: ['a'] }])
    const [disclosure = '', ...rest] = asked.shown.disclosures
    const [salt, grant] = JSON.parse(Buffer.from(disclosure, 'base64url').toString())
    const bent = { ...grant, novelty: { x: 1 }, constraints: { q: { odd: [1] } } }
    const disclosures = [Buffer.from(JSON.stringify([salt, bent])).toString('base64url'), ...rest]
    const { header, payload } = asked.shown.value as unknown as { header: object; payload: object }
    const value = { header, payload: { ...payload, surprise: true } }
    const view = viewOf({ ...asked, shown: { ...asked.shown, value, disclosures } })
    expect(linesOf(view, 'Novelty')).toEqual(['X: 1'])
    expect(linesOf(view, 'Arguments')).toEqual(['q odd [1]'])
    expect(linesOf(view, 'surprise')).toEqual(['true'])
  })

  test('name the agent, the time, who signs, what is asked for and how far it may be handed on', () => {
    const names = { rev_a: 'Ann', rev_b: 'Ben', rev_c: 'Cem', rev_d: 'Dan' }
    const quorum = { m: 1, of: ['rev_c', 'rev_d'] }
    const asked = question([{ type: 'tool', server: 's', actions: ['a'] }], {
      rev: ['rev_a', 'rev_b'],
      quorum,
    })
    const view = viewOf({ ...asked, names })
    expect(linesOf(view, 'Who signs')).toEqual(['All of: you, Ben', 'and at least 1 of: Cem, Dan'])
    expect(linesOf(view, 'What you ask for')).toEqual(['Do it.'])
    expect(linesOf(view, 'How long')[0]).toMatch(/^1 hour, until 21 Sept? 2026/)
    expect(linesOf(view, 'Hand on')[0]).toMatch(/3 times in a row at most/)
    const cem = viewOf({ ...asked, names, person: { id: 'per_c', name: 'Cem', rev: 'rev_c' } })
    expect(cem.lead).toMatch(/stand behind this: .* in the name of Ann, Ben\.$/)
    expect(linesOf(cem, 'Who signs')).toEqual(['All of: Ann, Ben', 'and at least 1 of: you, Dan'])
  })

  test.each([
    [59, '59 seconds'],
    [3600, '1 hour'],
    [90_061, '1 day 1 hour'],
    [7_776_000, '90 days'],
  ])('say %i seconds as %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text)
  })
})

describe('the words for an act', () => {
  const ask = (value: object, entry: object | null = null): View =>
    viewOf({
      kind: 'gesture',
      person,
      jkt: 'K',
      shown: { tag: ACT_TAG, value },
      names: { per_b: 'Ben' },
      entry,
    })

  test('say who is endorsed with what', () => {
    const value = {
      act: 'person.endorse',
      person: 'per_b',
      registration: 9,
      credential: 'C',
      endorser: 'per_a',
    }
    const credential = { amr: ['swk'], backed_up: false, jwk: { kty: 'OKP' } }
    const view = ask(value, { index: 9, entry: { body: { credential } } })
    expect(view.title).toBe('Endorse a person')
    expect(linesOf(view, 'Person')).toEqual(['Ben'])
    expect(linesOf(view, 'Passkey')).toEqual([
      'C',
      'Kind: a software authenticator: a key in a file, and no proof that a human was there',
      'Synced between devices: false',
      'Key: {"kty":"OKP"}',
    ])
    expect(ask({ ...value, endorser: 'per_b' }).title).toBe('Endorse yourself')
  })

  test('say which issuer is trusted as what, who approves, and what was proposed', () => {
    const issuer = { iss: 'other.example/log', keys: [{ jwk: { kty: 'OKP' } }] }
    const value = { act: 'issuer.trust', approver: 'per_b', issuer, proposal: 9, seq: 2 }
    const view = ask(value, { index: 9, entry: { body: { issuer } } })
    expect(view.title).toBe('Trust another issuer')
    expect(linesOf(view, 'Approver')).toEqual(['Ben'])
    const record = ['Issuer: other.example/log', 'Keys: [{"jwk":{"kty":"OKP"}}]']
    expect(linesOf(view, 'Issuer')).toEqual([...record, ...record]) // as it is signed, and as entry 9 has it
    expect(linesOf(view, 'Proposal')).toEqual(['Entry 9 of the log'])
    expect(linesOf(view, 'Seq')).toEqual(['2'])
  })

  test('say of which tool a label is, and what it means, in a row a tool', () => {
    const label = {
      v: 1,
      result: {
        level: 'internal',
        integrity: 'untrusted',
        categories: ['personal'],
        subject: '/id',
        fields: { '/account': { level: 'restricted', categories: ['payment'] } },
      },
      effect: 'external',
      accepts: 'confidential',
      destination: ['/to', '/cc'],
      novelty: 1,
    }
    const entry = {
      index: 9,
      entry: { body: { labels: [{ tool: 'tol_a', definition_hash: 'H', label }], more: 2 } },
    }
    const view = viewOf({
      kind: 'gesture',
      person,
      shown: { tag: ACT_TAG, value: { act: 'label.approve', labels: 'lbl_a', proposal: 9 } },
      names: { tol_a: 'send of mail' },
      entry,
    })
    expect(linesOf(view, 'send of mail')).toEqual([
      'Lets something out of the system, or somebody in',
      'To whom, where to or on what: /to, /cc',
      'May be given what is confidential at most',
      'Returns internal, personal data, untrusted: somebody else may have written it',
      'In it /account: restricted, payment',
      'In it /id says whom it is about',
      'Novelty: 1',
    ])
    expect(linesOf(view, 'Labels')).toEqual(['lbl_a'])
    expect(linesOf(view, 'More')).toEqual(['2'])
  })

  test('say what a flow policy does and lets pass, and leave out nothing', () => {
    const policy = {
      v: 1,
      mode: 'ask',
      aliases: { secret: 'restricted' },
      policies: [{ name: 'team', server: 'mail', tool: 'send', argument: '/to', values: ['*@example.com'] }],
      novelty: { x: 1 },
    }
    const value = { act: 'flow_policy.approve', policy: 'flp_a', proposal: 9 }
    const view = ask(value, { index: 9, entry: { body: { policy } } })
    expect(linesOf(view, 'Mode')[0]).toMatch(/^ask: .* waits for a person/)
    expect(linesOf(view, 'Lets pass: team')).toEqual(['send of mail, where /to is one of:', '*@example.com'])
    expect(linesOf(view, 'Name of a level')).toEqual(['secret is restricted'])
    expect(linesOf(view, 'Novelty')).toEqual(['X: 1'])
  })

  test('say that clearing a domain is a word about the memory of an agent', () => {
    expect(ask({ act: 'domain.clear', agent: 'agt_a', turn: 2 }).title).toBe(
      'Say that an agent’s memory was wiped',
    )
  })

  test('say what a kill stops, and that a lift lets it run again', () => {
    const kill = { v: 1, id: 'kil_a', iss: 'log', scope: { kind: 'class', id: 'coding' }, reason: 'x', t: 1 }
    const view = ask({ act: 'kill.pull', person: 'per_b', kill })
    expect(view.title).toBe('Pull the kill switch')
    expect(linesOf(view, 'Stops')).toEqual(['Every agent of class coding, and all under it'])
    expect(linesOf(view, 'Kill')).toContain('Scope: {"kind":"class","id":"coding"}')
    expect(linesOf(ask({ act: 'kill.pull', kill: { scope: { kind: 'new' } } }), 'Stops')).toEqual([
      '{"kind":"new"}',
    ])
    const lift = ask({ act: 'kill.lift', id: 'lft_a', kills: ['kil_a', 'kil_b'], roster: 1 })
    expect(lift.title).toBe('Lift a kill')
    expect(linesOf(lift, 'Kills')).toEqual(['kil_a', 'kil_b'])
  })

  test.each(['constructor', 'new.act', '__proto__'])('know when they have none: %s', (act) => {
    const view = ask({ act, person: 'toString' })
    expect(view.title).toBe(`Sign: ${act}`)
    expect(linesOf(view, 'Person')).toEqual(['toString'])
  })
})
