/** DLG-8 and keys.md: issuers by name, each with keys of its own; retired keys; ES256 keys. @module */
import { AUD, FILES, ISS, NOW_S, REV, RP, type World } from '../../../test/fixtures/tokens.ts'
import type { Signer } from '../../../src/core/crypto.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { thumbprint } from '../../../src/core/jwk.ts'
import { draftRoot, sealRoot, signStatement } from '../../../src/token/issue.ts'
import { bad, good, one, root, type Case, type Setting, type VectorIssuer } from './case.ts'

const ISS_2 = 'https://second.example'
const RP_2 = { rp_id: 'second.example', origins: ['https://second.example'] }

const first = (w: World, ...names: readonly string[]): VectorIssuer => ({
  iss: ISS,
  keys: names.map((name) => ({ jwk: w.signer(name).publicJwk })),
  ...RP,
})
const second = (w: World): VectorIssuer => ({
  iss: ISS_2,
  keys: [{ jwk: w.signer('issuer-2').publicJwk }],
  ...RP_2,
})
const BOTH: Setting = { trust: (w) => [first(w, 'issuer'), second(w)] }
const retired = (retired_at: number): Setting => ({
  trust: (w) => [
    {
      ...first(w, 'issuer'),
      keys: [{ jwk: w.issuer.publicJwk, retired_at }, { jwk: w.signer('issuer-new').publicJwk }],
    },
  ],
})

const kidOf = (w: World, by: Signer): string => thumbprint(w.crypto, by.publicJwk)

/** A root that another key of an issuer signed, with a gesture at that issuer's relying party. */
function rootBy(w: World, name: string, iss = ISS, rp = RP): string {
  const issuer = w.signer(name)
  const draft = draftRoot(w.crypto, issuer, w.rootInput({ iss }))
  const person = w.authenticator('principal', { rp_id: rp.rp_id, origin: rp.origins[0]! })
  return sealRoot(w.crypto, issuer, rp, draft, [w.gesture(draft.challenge, {}, person)])
}

/** A hop to `agent-2` that an issuer's key made a statement for. */
function hopStatedBy(w: World, chain: string, name: string, claims: JsonObject = {}): string {
  const jkt = thumbprint(w.crypto, w.signer('agent-2').publicJwk)
  const claimed = { iss: ISS, agent: 'agt_of_agent-2', class: 'worker', jkt, iat: NOW_S, exp: NOW_S + 3600 }
  const statement = signStatement(w.crypto, w.signer(name), { ...claimed, ...claims })
  return w.hop(chain, 'agent-1', 'agent-2', { statement })
}

/** The signed root of the second issuer, whose person made the gesture at the first. */
function gestureElsewhere(w: World): string {
  const issuer = w.signer('issuer-2')
  return w.forgeRoot(w.root(), (p) => ({ ...p, iss: ISS_2 }), {
    signer: issuer,
    header: { kid: kidOf(w, issuer) },
  })
}

export const issuers: readonly Case[] = [
  bad('ISSUER_UNKNOWN', 'issuer-unknown', 'Another issuer', (w) => w.root({ iss: 'https://other.example' })),
  bad('ISSUER_UNKNOWN', 'issuer-spelled', 'The name of the issuer with a slash behind it', (w) =>
    w.root({ iss: `${ISS}/` }),
  ),
  bad('ISSUER_UNKNOWN', 'kid-unknown', 'A key that the issuer has not', (w) =>
    root(w, (p) => p, { kid: kidOf(w, w.signer('thief')) }),
  ),
  bad('ISSUER_UNKNOWN', 'kid-number', 'A kid that is a number', (w) => root(w, (p) => p, { kid: 7 })),
  bad('ISSUER_UNKNOWN', 'trust-empty', 'A verifier that trusts nobody', (w) => w.root(), {
    trust: () => [],
  }),
  bad('SIGNATURE_INVALID', 'root-by-thief', 'A root that another key signed', (w) =>
    w.forgeRoot(w.root(), (p) => p, { signer: w.signer('thief') }),
  ),
  good([2], 'issuer-key-second', 'The second of two keys of an issuer', (w) => rootBy(w, 'issuer-new'), {
    trust: (w) => [first(w, 'issuer', 'issuer-new')],
  }),
  bad(
    'SIGNATURE_INVALID',
    'issuer-key-other',
    'Signed by one key of the issuer, named by another',
    (w) => w.forgeRoot(w.root(), (p) => p, { signer: w.signer('issuer-new') }),
    { trust: (w) => [first(w, 'issuer', 'issuer-new')] },
  ),
  good([2], 'issuer-es256', 'An issuer key of P-256', (w) => rootBy(w, 'es256-issuer'), {
    trust: (w) => [first(w, 'es256-issuer')],
  }),
  good(
    [2, 2],
    'issuer-es256-statement',
    'A statement by an issuer key of P-256',
    (w) => hopStatedBy(w, rootBy(w, 'es256-issuer'), 'es256-issuer'),
    { trust: (w) => [first(w, 'es256-issuer')] },
  ),

  good(
    [2],
    'retired-key-before',
    'Signed one second before its key was retired (DLG-8)',
    (w) => w.root({ iat: NOW_S - 1 }),
    retired(NOW_S),
  ),
  bad(
    'KEY_RETIRED',
    'retired-key-at',
    'Signed in the second in which its key was retired',
    (w) => w.root(),
    retired(NOW_S),
  ),
  bad(
    'KEY_RETIRED',
    'retired-key-after',
    'Signed after its key was retired',
    (w) => w.root(),
    retired(NOW_S - 86_400),
  ),
  good(
    [2],
    'retired-key-later',
    'A key that will be retired: nothing is retired ahead of time',
    (w) => w.root(),
    retired(NOW_S + 1),
  ),
  good(
    [2],
    'retired-other-key',
    'The key that is in use, beside a retired one',
    (w) => rootBy(w, 'issuer-new'),
    retired(NOW_S - 86_400),
  ),
  good(
    [2, 2],
    'retired-key-statement-before',
    'A statement of before its key was retired, under a root of the new key',
    (w) => hopStatedBy(w, rootBy(w, 'issuer-new'), 'issuer', { iat: NOW_S - 1 }),
    retired(NOW_S),
  ),
  bad(
    'KEY_RETIRED',
    'retired-key-statement-at',
    'A statement of the second in which its key was retired, under a root of the new key',
    (w) => hopStatedBy(w, rootBy(w, 'issuer-new'), 'issuer'),
    retired(NOW_S),
  ),

  good([2], 'two-issuers-first', 'A root of the first of two issuers', (w) => w.root(), BOTH),
  good(
    [2],
    'two-issuers-second',
    'A root of the second of two issuers',
    (w) => rootBy(w, 'issuer-2', ISS_2, RP_2),
    BOTH,
  ),
  good([2, 2], 'two-issuers-first-hop', 'A chain of the first of two issuers', one, BOTH),
  good(
    [2, 2],
    'two-issuers-second-hop',
    'A chain of the second of two issuers',
    (w) => hopStatedBy(w, rootBy(w, 'issuer-2', ISS_2, RP_2), 'issuer-2', { iss: ISS_2 }),
    BOTH,
  ),
  bad(
    'ISSUER_UNKNOWN',
    'two-issuers-root-by-other',
    "A root in one's name, signed and named by the other's key",
    (w) => rootBy(w, 'issuer-2'),
    BOTH,
  ),
  bad(
    'SIGNATURE_INVALID',
    'two-issuers-root-as-other',
    "A root in one's name and key, signed by the other's key",
    (w) => w.forgeRoot(w.root(), (p) => p, { signer: w.signer('issuer-2') }),
    BOTH,
  ),
  bad(
    'GESTURE_INVALID',
    'two-issuers-gesture-elsewhere',
    "A root of the second issuer with a gesture at the first one's relying party",
    gestureElsewhere,
    BOTH,
  ),
  bad(
    'STATEMENT_INVALID',
    'two-issuers-statement-of-other',
    'A statement by the other issuer, who is trusted too',
    (w) => hopStatedBy(w, w.root(), 'issuer-2', { iss: ISS_2 }),
    BOTH,
  ),
  bad(
    'ISSUER_UNKNOWN',
    'two-issuers-statement-by-other',
    "A statement in the root issuer's name, signed and named by the other's key",
    (w) => hopStatedBy(w, w.root(), 'issuer-2'),
    BOTH,
  ),
  bad(
    'STATEMENT_INVALID',
    'two-issuers-statement-as-other',
    "A statement in the root issuer's name and key, signed by the other's key",
    (w) =>
      w.hop(w.root(), 'agent-1', 'agent-2', {
        statement: w.statement('agent-2', { class: 'worker' }, w.signer('issuer-2')),
      }),
    BOTH,
  ),

  good([2, 2], 'hop-by-es256', 'A hop that a holder key of P-256 signed', (w) =>
    w.hop(w.root({ holder: w.signer('es256-agent').publicJwk }), 'es256-agent', 'agent-2'),
  ),
  good([2, 1], 'hop-to-es256', 'A hop to a holder key of P-256', (w) => {
    const chain = w.root({ grants: [FILES, FILES], aud: [AUD], rev: [REV] })
    return w
      .hop(chain, 'agent-1', 'agent-2', {
        holder: w.signer('es256-agent-2').publicJwk,
        statement: es256Statement(w),
      })
      .replace(/~[^~]*~$/, '~')
  }),
]

function es256Statement(w: World): string {
  const jkt = thumbprint(w.crypto, w.signer('es256-agent-2').publicJwk)
  const agent = 'agt_of_agent-2'
  return signStatement(w.crypto, w.issuer, {
    iss: ISS,
    agent,
    class: 'worker',
    jkt,
    iat: NOW_S,
    exp: NOW_S + 3600,
  })
}
