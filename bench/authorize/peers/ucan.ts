/** `@ucans/ucans`: user-controlled authorization networks, chains of JWTs. @module */
import { CALL } from '../chains.ts'
import { CHAINS_N, load, type Peer, type PeerRow } from './peer.ts'

interface KeyPair {
  did(): string
}

interface Ucans {
  EdKeypair: { create(): Promise<KeyPair> }
  build(params: object): Promise<object>
  encode(ucan: object): string
  verify(ucan: string, options: object): Promise<{ ok: boolean; error?: unknown }>
}

interface Invocation {
  readonly ucan: string
  readonly service: string
  readonly root: string
}

const CAPABILITY = {
  with: { scheme: 'tool', hierPart: `//${CALL.server}` },
  can: { namespace: 'tool', segments: [CALL.tool] },
}

export async function peer(): Promise<Peer> {
  const ucans = await load<Ucans>('@ucans/ucans')
  return {
    measures: 'verify of an invocation; a chain of 3 carries two proofs in it',
    checks:
      'signatures, audience, expiry, links and equal capabilities of all, revocation by a callback that says no',
    leaves_out:
      'gesture, the arguments of the call, limits, replay; the invocation is signed by its issuer, which is its holder proof',
    rows: [await row(ucans, 1, 10), await row(ucans, 3, 30)],
  }
}

async function row(ucans: Ucans, length: number, every: number): Promise<PeerRow> {
  const invocations = await Promise.all(Array.from({ length: CHAINS_N }, () => newInvocation(ucans, length)))
  return {
    name: `chain${length}_us`,
    every,
    prepare: (i) => async () => {
      const { ucan, service, root } = invocations[i % CHAINS_N] ?? { ucan: '', service: '', root: '' }
      const result = await ucans.verify(ucan, {
        audience: service,
        isRevoked: () => Promise.resolve(false),
        requiredCapabilities: [{ capability: CAPABILITY, rootIssuer: root }],
      })
      if (!result.ok) throw new TypeError('the invocation does not verify')
    },
  }
}

async function newInvocation(ucans: Ucans, length: number): Promise<Invocation> {
  const root = await ucans.EdKeypair.create()
  const service = await ucans.EdKeypair.create()
  let issuer = root
  let proofs: string[] = []
  let ucan = ''
  for (let i = 1; i <= length; i++) {
    const to = i === length ? service : await ucans.EdKeypair.create()
    const params = { issuer, audience: to.did(), capabilities: [CAPABILITY], lifetimeInSeconds: 3600, proofs }
    ucan = ucans.encode(await ucans.build(params))
    proofs = [ucan]
    issuer = to
  }
  return { ucan, service: service.did(), root: root.did() }
}
