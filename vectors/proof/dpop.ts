/** PRF-5: a proof over HTTP. @module */
import { digestOf, NOW_MS, NOW_S, type World } from '../../test/fixtures/tokens.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { signJws } from '../../src/core/sign.ts'
import { DPOP_TYP } from '../../src/token/constants.ts'
import { accessTokenHash } from '../../src/token/dpop.ts'
import { respelledEnd, without } from '../delegation/cases/case.ts'
import {
  ARGS,
  CHALLENGE,
  commitTo,
  presented,
  SALT,
  type Given,
  type ProofCase,
  type ProofSetting,
} from './proof.ts'

interface Edit {
  readonly chain?: string
  readonly by?: string
  readonly claims?: JsonObject
  readonly header?: JsonObject
  readonly payload?: (claims: JsonObject) => JsonObject
}

const URL_OF_POINT = 'https://point.example/mcp'

function given(w: World, edit: Edit = {}, more: Given = {}): Given {
  const { chain = w.root(), by = 'agent-1', claims = {}, header = {} } = edit
  const holder = w.signer(by)
  const all = {
    jti: 'AAAAAAAAAAAAAAAAAAAAAA',
    htm: 'POST',
    htu: URL_OF_POINT,
    iat: NOW_S,
    ath: accessTokenHash(w.crypto, chain),
    nonce: CHALLENGE,
    args_commit: commitTo(w),
    ...claims,
  }
  const dpop = signJws(
    holder,
    { typ: DPOP_TYP, jwk: { ...holder.publicJwk }, ...header },
    edit.payload?.(all) ?? all,
  )
  return {
    method: 'POST',
    url: URL_OF_POINT,
    authorization: `DPoP ${chain}`,
    dpop,
    server: 'files',
    tool: 'read',
    args: ARGS,
    salt: SALT,
    ...more,
  }
}
const good = (
  name: string,
  description: string,
  make: (w: World) => Given,
  setting: ProofSetting = {},
): ProofCase => ({ name: `dpop-${name}`, description, make, ...setting })
const bad = (
  name: string,
  description: string,
  make: (w: World) => Given,
  setting: ProofSetting = {},
): ProofCase => ({ ...good(name, description, make, setting), code: 'PROOF_INVALID' })
const claiming = (name: string, description: string, claims: JsonObject): ProofCase =>
  bad(name, description, (w) => given(w, { claims }))

export const dpops: readonly ProofCase[] = [
  good('plain', 'A proof for this request', (w) => given(w)),
  good('hop', 'By the holder of the last delegation', (w) => given(w, { chain: w.chain(1), by: 'agent-2' })),
  good('es256', 'By a P-256 key', (w) =>
    given(w, { chain: w.root({ holder: w.signer('es256-agent').publicJwk }), by: 'es256-agent' }),
  ),
  good('get', 'Another method', (w) => given(w, { claims: { htm: 'GET' } }, { method: 'GET' })),
  good('60-s-early', 'Made 60 s ahead', (w) => given(w), { now: NOW_MS - 60_000 }),
  bad('61-s-early', 'Made 61 s ahead', (w) => given(w, { claims: { iat: NOW_S + 61 } })),
  bad('61-s-late', 'Made 61 s ago', (w) => given(w), { now: NOW_MS + 61_000 }),
  {
    name: 'dpop-chain-first',
    description: 'The chain is judged before its proof',
    make: (w) => given(w, { chain: w.hop(w.root(), 'agent-1', 'agent-2', { exp: NOW_S + 3601 }) }),
    code: 'WIDENED',
  },
  bad('by-another', 'By another key, which its header names', (w) => given(w, { by: 'thief' })),
  bad('by-another-key-of-holder', "By another key under the holder's name", (w) =>
    given(w, { by: 'thief', header: { jwk: { ...w.signer('agent-1').publicJwk } } }),
  ),
  bad('by-parent', 'By the holder before the last', (w) => given(w, { chain: w.chain(1), by: 'agent-1' })),
  claiming('method', 'For another method', { htm: 'GET' }),
  claiming('method-case', 'The method in another case', { htm: 'post' }),
  claiming('url', 'For another URL', { htu: 'https://point.example/other' }),
  claiming('url-query', 'With a query', { htu: `${URL_OF_POINT}?a=1` }),
  claiming('url-fragment', 'With a fragment', { htu: `${URL_OF_POINT}#a` }),
  claiming('ath', 'For another chain', { ath: digestOf('x') }),
  bad('ath-without-tilde', 'The hash of the chain without its last "~"', (w) =>
    given(w, { claims: { ath: digestOf(w.root().slice(0, -1)) } }),
  ),
  claiming('nonce', 'Another challenge', { nonce: digestOf('old') }),
  claiming('jti-short', 'A jti of 21 characters', { jti: 'A'.repeat(21) }),
  claiming('args', 'Other arguments', { args_commit: digestOf('x') }),
  claiming('unknown-member', 'A claim that is not known', { exp: NOW_S + 60 }),
  bad('nonce-missing', 'No nonce', (w) => given(w, { payload: (claims) => without(claims, 'nonce') })),
  bad('typ', 'Another type', (w) => given(w, { header: { typ: 'kb+jwt' } })),
  bad('kid', 'A kid besides', (w) => given(w, { header: { kid: 'agent-1' } })),
  bad('alg-none', 'alg none', (w) => given(w, { header: { alg: 'none' } })),
  bad('jwk-private', 'The private half of the key in the header', (w) =>
    given(w, { header: { jwk: { ...w.signer('agent-1').publicJwk, d: 'AAAA' } } }),
  ),
  bad('salt', 'Another salt', (w) => given(w, {}, { salt: digestOf('other') })),
  bad('kb-jwt-behind', 'A chain with a KB-JWT behind it is no access token', (w) => {
    const chain = presented(w, { server: 'files', tool: 'read', args_commit: commitTo(w) }, {})
    return given(w, { claims: { ath: accessTokenHash(w.crypto, chain) } }, { authorization: `DPoP ${chain}` })
  }),
  bad('respelled', 'Unused bits set in its last character', (w) => {
    const request = given(w)
    return { ...request, dpop: respelledEnd(String(request.dpop)) }
  }),
]
