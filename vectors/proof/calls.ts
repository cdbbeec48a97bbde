/** PRF-1 and PRF-3: a proof for one call. @module */
import { AUD, digestOf, NOW_MS, NOW_S, segmentsIn, type World } from '../../test/fixtures/tokens.ts'
import { chainText } from '../../src/token/presentation.ts'
import { respelledEnd, without } from '../delegation/cases/case.ts'
import {
  ARGS,
  CHALLENGE,
  CLIENT,
  commitTo,
  POINT,
  presented,
  SALT,
  type Edit,
  type Given,
  type ProofCase,
  type ProofSetting,
} from './proof.ts'

const given = (w: World, edit: Edit = {}, more: Given = {}): Given => ({
  server: 'files',
  tool: 'read',
  args: ARGS,
  salt: SALT,
  presentation: presented(w, { server: 'files', tool: 'read', args_commit: commitTo(w) }, edit),
  ...more,
})
const good = (
  name: string,
  description: string,
  make: (w: World) => Given,
  setting: ProofSetting = {},
): ProofCase => ({ name: `call-${name}`, description, make, ...setting })
const bad = (
  name: string,
  description: string,
  make: (w: World) => Given,
  setting: ProofSetting = {},
): ProofCase => ({ ...good(name, description, make, setting), code: 'PROOF_INVALID' })
const claiming = (name: string, description: string, claims: NonNullable<Edit['claims']>): ProofCase =>
  bad(name, description, (w) => given(w, { claims }))

export const calls: readonly ProofCase[] = [
  good('plain', 'A proof for this call', (w) => given(w)),
  good('hop', 'By the holder of the last delegation', (w) => given(w, { chain: w.chain(1), by: 'agent-2' })),
  good('es256', 'By a P-256 key', (w) =>
    given(w, { chain: w.root({ holder: w.signer('es256-agent').publicJwk }), by: 'es256-agent' }),
  ),
  good('args-order', 'Arguments in another order: JCS', (w) =>
    given(w, {}, { args: { n: 1, path: '/data/a' } }),
  ),
  good('args-none', 'No arguments', (w) =>
    given(w, { claims: { args_commit: commitTo(w, {}) } }, { args: {} }),
  ),
  good('60-s-late', 'Made 60 s ago', (w) => given(w), { now: NOW_MS + 60_999 }),
  good('60-s-early', 'Made 60 s ahead', (w) => given(w), { now: NOW_MS - 60_000 }),
  good('nothing-disclosed', 'Over a chain that discloses nothing', (w) =>
    given(w, { chain: chainText(segmentsIn(w.root()).map((each) => ({ ...each, disclosures: [] }))) }),
  ),
  {
    name: 'call-missing',
    description: 'No proof behind the chain',
    make: (w) => ({ ...given(w), presentation: w.root() }),
    code: 'PROOF_MISSING',
  },
  {
    name: 'call-chain-first',
    description: 'The chain is judged before its proof',
    make: (w) => given(w, { chain: w.root({ aud: ['pnt_other'] }), claims: { iat: 0 } }),
    code: 'AUDIENCE_MISMATCH',
  },
  bad('61-s-late', 'Made 61 s ago', (w) => given(w), { now: NOW_MS + 61_000 }),
  bad('61-s-early', 'Made 61 s ahead', (w) => given(w, { claims: { iat: NOW_S + 61 } })),
  bad('by-another', 'By another key', (w) => given(w, { by: 'thief' })),
  bad('by-parent', 'By the holder before the last', (w) => given(w, { chain: w.chain(1), by: 'agent-1' })),
  bad('by-issuer', 'By the issuer', (w) => given(w, { by: 'issuer' })),
  claiming('audience', 'For another point', { aud: 'pnt_other' }),
  claiming('audience-list', 'For a list of points', { aud: [AUD] }),
  claiming('sd-hash', 'Over another presentation', { sd_hash: digestOf('x') }),
  bad('more-disclosed', 'Over the chain with less disclosed than is presented', (w) => {
    const over = chainText(segmentsIn(w.root()).map((each) => ({ ...each, disclosures: [] })))
    return given(w, { over })
  }),
  bad('less-disclosed', 'Over the chain with more disclosed than is presented', (w) => {
    const chain = chainText(
      segmentsIn(w.root()).map((each) => ({ ...each, disclosures: each.disclosures.slice(1) })),
    )
    return given(w, { chain, over: w.root() })
  }),
  bad('whole-chain-hash', 'sd_hash over the whole chain instead of its last segment', (w) => {
    const chain = w.chain(1)
    return given(w, { chain, by: 'agent-2', claims: { sd_hash: digestOf(chain) } })
  }),
  claiming('nonce-other', 'Another challenge', { nonce: `${digestOf('old')}.AAAAAAAAAAAAAAAAAAAAAA` }),
  claiming('nonce-bare', 'The challenge alone', { nonce: CHALLENGE }),
  claiming('nonce-short', 'An own part of 21 characters', { nonce: `${CHALLENGE}.${'A'.repeat(21)}` }),
  claiming('nonce-parts', 'A third part', { nonce: `${CHALLENGE}.${'A'.repeat(22)}.A` }),
  bad('other-tool', 'Proof for another tool', (w) => given(w, {}, { tool: 'write' })),
  bad('other-server', 'Proof for another server', (w) => given(w, {}, { server: 'mail' })),
  bad('other-args', 'Proof for other arguments', (w) => given(w, {}, { args: { ...ARGS, n: 2 } })),
  bad('more-args', 'One argument more than the proof is for', (w) =>
    given(w, {}, { args: { ...ARGS, force: true } }),
  ),
  bad('other-salt', 'Another salt', (w) => given(w, {}, { salt: digestOf('other') })),
  bad('salt-short', 'A salt of 31 bytes', (w) => given(w, {}, { salt: SALT.slice(0, -2) })),
  bad('salt-respelled', 'A salt with unused bits set in its last character', (w) =>
    given(w, {}, { salt: respelledEnd(SALT) }),
  ),
  bad('unknown-member', 'A claim that is not known', (w) => given(w, { claims: { admin: true } })),
  bad('member-missing', 'No args_commit', (w) =>
    given(w, { payload: (claims) => without(claims, 'args_commit') }),
  ),
  bad('of-a-session', 'A proof for a session', (w) =>
    given(w, {
      payload: ({ aud, nonce, iat, sd_hash }) => ({
        aud: aud ?? '',
        nonce: nonce ?? '',
        iat: iat ?? 0,
        sd_hash: sd_hash ?? '',
        x25519: CLIENT.public,
        peer: POINT.public,
      }),
    }),
  ),
  bad('typ', 'Another type', (w) => given(w, { header: { typ: 'JWT' } })),
  bad('alg-none', 'alg none', (w) => given(w, { header: { alg: 'none' } })),
  bad('alg-other', 'alg of another key type', (w) => given(w, { header: { alg: 'ES256' } })),
  bad('jwk', 'A key in the header', (w) =>
    given(w, { header: { jwk: { ...w.signer('agent-1').publicJwk } } }),
  ),
  bad('kid', 'A kid in the header', (w) => given(w, { header: { kid: 'agent-1' } })),
  bad('crit', 'A critical header', (w) => given(w, { header: { crit: ['x'] } })),
  bad('not-a-jws', 'Something that is no JWS', (w) => ({ ...given(w), presentation: `${w.root()}a.b` })),
  bad('respelled', 'Unused bits set in its last character', (w) => {
    const presentation = String(given(w).presentation)
    const at = presentation.lastIndexOf('~') + 1
    return { ...given(w), presentation: presentation.slice(0, at) + respelledEnd(presentation.slice(at)) }
  }),
]
