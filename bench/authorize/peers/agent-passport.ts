/** `agent-passport-system`: chains of authority delegations. @module */
import { randomBytes } from 'node:crypto'
import { CHAINS_N, load, type Peer, type PeerRow } from './peer.ts'

interface KeyPair {
  readonly publicKey: string
  readonly privateKey: string
}

interface Passport {
  generateKeyPair(): KeyPair
  computeAuthorityDelegationId(body: object): string
  signAuthorityDelegation(delegation: object, privateKey: string): string
  parseAuthorityDelegationJson(source: string): unknown
  verifyAuthorityDelegationChain(
    chain: readonly unknown[],
    options: object,
  ): { valid: boolean; failures: object[] }
}

interface Delegation {
  readonly delegation_id: string
}

interface Chain {
  readonly texts: readonly string[]
  readonly keys: ReadonlyMap<string, string>
}

const ISSUED = '2026-09-21T14:00:00.000Z'
const NOW = '2026-09-21T14:00:01.000Z'

export async function peer(): Promise<Peer> {
  const passport = await load<Passport>('agent-passport-system')
  return {
    measures: 'parseAuthorityDelegationJson of each record and verifyAuthorityDelegationChain',
    checks:
      'content address, signature, link, narrowing of scope, spend, depth and time, expiry, revocation by a callback (a set)',
    leaves_out: 'holder proof, gesture, the call and its arguments, audience, how fresh the revocations are',
    rows: [row(passport, 1), row(passport, 3)],
  }
}

function row(passport: Passport, length: number): PeerRow {
  const chains = Array.from({ length: CHAINS_N }, () => newChain(passport, length))
  const revoked = new Set<string>()
  return {
    name: `chain${length}_us`,
    prepare: (i) => () => {
      const chain = chains[i % CHAINS_N]
      if (chain === undefined) throw new TypeError('no chain')
      const records = chain.texts.map((text) => passport.parseAuthorityDelegationJson(text))
      const result = passport.verifyAuthorityDelegationChain(records, {
        now: NOW,
        resolveVerificationKey: (_issuer: string, method: string) => chain.keys.get(method) ?? null,
        trustRoot: () => true,
        resolveRevocation: (each: Delegation) => (revoked.has(each.delegation_id) ? 'revoked' : 'active'),
      })
      if (!result.valid) throw new TypeError(`not valid: ${JSON.stringify(result.failures)}`)
    },
  }
}

function newChain(passport: Passport, length: number): Chain {
  const texts: string[] = []
  const keys = new Map<string, string>()
  let parent: Delegation | null = null
  let issuer = passport.generateKeyPair()
  for (let i = 0; i < length; i++) {
    const subject = passport.generateKeyPair()
    const body = bodyOf(issuer, subject, parent, length - i)
    keys.set(methodOf(issuer), issuer.publicKey)
    const unsigned = { ...body, delegation_id: passport.computeAuthorityDelegationId(body) }
    const signature = passport.signAuthorityDelegation(unsigned, issuer.privateKey)
    parent = unsigned
    texts.push(JSON.stringify({ ...unsigned, signature }))
    issuer = subject
  }
  return { texts, keys }
}

const didOf = ({ publicKey }: KeyPair): string => `did:aps:${publicKey}`
const methodOf = (key: KeyPair): string => `${didOf(key)}#key-1`

function bodyOf(issuer: KeyPair, subject: KeyPair, parent: Delegation | null, remaining: number): object {
  return {
    record_type: 'aps:authority-delegation:v1',
    version: '1.0',
    parent_delegation_id: parent?.delegation_id ?? null,
    issuer: didOf(issuer),
    subject: didOf(subject),
    verification_method: methodOf(issuer),
    issued_at: ISSUED,
    nonce: randomBytes(16).toString('hex'),
    authority: {
      scope: { profile: 'aps-hierarchical-v1', grants: ['files:read', 'files:write', 'mail:send'] },
      spend: { mode: 'bounded', unit: 'calls', per_action: '1', cumulative: '1000' },
      depth: { remaining },
      time: { not_before: ISSUED, not_after: '2026-09-21T15:00:00.000Z' },
      reputation: { profile: 'aps-score-0-100-v1', ceiling: 80 },
      values: { profile: 'aps-values-identifiers-v1', required: [] },
      reversibility: { profile: 'aps-tci-v1', ceiling: 'compensable' },
    },
  }
}
