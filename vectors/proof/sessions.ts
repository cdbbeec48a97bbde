/** PRF-2: a proof that opens a session, and the key of that session. @module */
import { digestOf, NOW_MS, type World } from '../../test/fixtures/tokens.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { base64url, fromBase64url } from '../../src/core/encoding.ts'
import { chainText, parsePresentation, sdHashOf } from '../../src/token/presentation.ts'
import { sessionKey } from '../../src/token/proof.ts'
import { respelledEnd, without } from '../delegation/cases/case.ts'
import {
  agree,
  CHALLENGE,
  CLIENT,
  commitTo,
  NONCE,
  POINT,
  presented,
  type Edit,
  type Given,
  type ProofCase,
  type ProofSetting,
} from './proof.ts'

const given = (w: World, edit: Edit = {}): Given => ({
  presentation: presented(w, { nonce: CHALLENGE, x25519: CLIENT.public, peer: POINT.public }, edit),
})

function keyOf({ presentation }: Given): { session_key: string } {
  const shared = agree(CLIENT.private, fromBase64url(POINT.public))
  if (shared === null) throw new Error('no shared secret')
  const chain = chainText(parsePresentation(String(presentation)).segments)
  const key = sessionKey(nodeCrypto, shared, {
    challenge: CHALLENGE,
    client: CLIENT.public,
    point: POINT.public,
    sd_hash: sdHashOf(nodeCrypto, chain),
  })
  return { session_key: base64url(key) }
}

const good = (
  name: string,
  description: string,
  edit: (w: World) => Edit,
  setting: ProofSetting = {},
): ProofCase => ({
  name: `session-${name}`,
  description,
  make: (w) => given(w, edit(w)),
  session_key: keyOf,
  ...setting,
})
const bad = (
  name: string,
  description: string,
  edit: (w: World) => Edit,
  setting: ProofSetting = {},
): ProofCase => ({
  name: `session-${name}`,
  description,
  make: (w) => given(w, edit(w)),
  code: 'PROOF_INVALID',
  ...setting,
})

export const sessions: readonly ProofCase[] = [
  good('plain', 'A proof that opens a session', () => ({})),
  good('hop', 'By the holder of the last delegation', (w) => ({ chain: w.chain(2), by: 'agent-3' })),
  good('es256', 'By a P-256 key', (w) => ({
    chain: w.root({ holder: w.signer('es256-agent').publicJwk }),
    by: 'es256-agent',
  })),
  good('60-s-late', 'Made 60 s ago', () => ({}), { now: NOW_MS + 60_000 }),
  {
    name: 'session-missing',
    description: 'No proof behind the chain',
    make: (w) => ({ presentation: w.root() }),
    code: 'PROOF_MISSING',
  },
  {
    name: 'session-expired-chain',
    description: 'The chain is judged before its proof',
    make: (w) => given(w),
    now: NOW_MS + 3_600_000,
    code: 'EXPIRED',
  },
  bad('61-s-late', 'Made 61 s ago', () => ({}), { now: NOW_MS + 61_000 }),
  bad('by-another', 'By another key', () => ({ by: 'thief' })),
  bad('other-challenge', 'Another challenge', () => ({ claims: { nonce: digestOf('old') } })),
  bad('nonce-of-a-call', 'The nonce of a proof for one call', () => ({ claims: { nonce: NONCE } })),
  bad('other-peer', "Another point's key", () => ({ claims: { peer: CLIENT.public } })),
  bad('other-audience', 'Another point', () => ({ claims: { aud: 'pnt_other' } })),
  bad('small-order', 'A client key of small order: the secret would be known to all', () => ({
    claims: { x25519: base64url(new Uint8Array(32)) },
  })),
  bad('small-order-1', 'Another client key of small order', () => ({
    claims: { x25519: base64url(new Uint8Array(32).with(0, 1)) },
  })),
  bad('key-respelled', 'A client key with unused bits set in its last character', () => ({
    claims: { x25519: respelledEnd(CLIENT.public) },
  })),
  bad('key-short', 'A client key of 31 bytes', () => ({ claims: { x25519: CLIENT.public.slice(0, -2) } })),
  bad('peer-missing', 'No peer', () => ({ payload: (claims) => without(claims, 'peer') })),
  bad('of-a-call', 'A proof for one call', (w) => ({
    payload: (claims) => ({
      ...without(without(claims, 'peer'), 'x25519'),
      nonce: NONCE,
      server: 'files',
      tool: 'read',
      args_commit: commitTo(w),
    }),
  })),
  bad('unknown-member', 'A claim that is not known', () => ({ claims: { n: 1 } })),
  bad('sd-hash', 'Over another presentation', () => ({ claims: { sd_hash: digestOf('x') } })),
  bad('alg-none', 'alg none', () => ({ header: { alg: 'none' } })),
  bad('typ', 'Another type', () => ({ header: { typ: 'dpop+jwt' } })),
  bad('kid', 'A kid in the header', () => ({ header: { kid: 'agent-1' } })),
]
