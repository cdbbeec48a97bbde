/**
 * Envelopes of attestations under `@sigstore/verify`, which knows DSSE and nothing of ours: the issuer's key is one that
 * it is told of, and no transparency log or time stamp is asked for. spec/attestation.md (ATT-5).
 */
import { createPublicKey } from 'node:crypto'
import { bundleFromJSON } from '@sigstore/bundle'
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify'
import { expect, test } from 'vitest'
import { AttestationWorld } from '../../vectors/attestation/world.ts'

const w = new AttestationWorld('sigstore')
const NONE = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] }
const key = createPublicKey({ key: { ...w.jwk }, format: 'jwk' })
// The root of a public good instance has more members; none of them is looked at for a key that is pinned.
const trust = toTrustMaterial({ ...NONE, mediaType: '' }, (hint) => {
  if (hint !== w.kid) throw new Error('a key that it was not told of')
  return { publicKey: key, validFor: () => true }
})

function verify(envelope: unknown, hint = w.kid): void {
  const bundle = bundleFromJSON({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint }, tlogEntries: [] },
    dsseEnvelope: envelope,
  })
  new Verifier(trust, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 }).verify(
    toSignedEntity(bundle),
  )
}

test('@sigstore/verify takes an envelope that the issuer signed', () => {
  expect(() => verify(w.bundle(w.good('supervised')).envelope)).not.toThrow()
})

test('@sigstore/verify refuses a changed payload, and a key that it was not told of', () => {
  const { envelope } = w.bundle(w.good('directed')) as { envelope: { payload: string } }
  const payload = Buffer.from(envelope.payload, 'base64').toString().replace('directed', 'authored')
  const changed = { ...envelope, payload: Buffer.from(payload).toString('base64') }
  expect(() => verify(changed)).toThrow(/signature/)
  expect(() => verify(envelope, 'A'.repeat(43))).toThrow(/key/)
})
