import { verifyRegistrationResponse } from '@simplewebauthn/server'
import { expect, test } from 'vitest'
import { RP } from '../../../test/fixtures/tokens.ts'
import { fromBase64url, fromUtf8 } from '../../core/encoding.ts'
import { thumbprint } from '../../core/jwk.ts'
import { gestureFault } from '../../token/gesture.ts'
import { nodeCrypto as crypto } from '../node-crypto/node-crypto.ts'
import { SOFTWARE_AAGUID, softwareAuthenticator } from './software-authenticator.ts'

const challenge = 'c29tZSBjaGFsbGVuZ2U'

test.each(['Ed25519', 'ES256'] as const)(
  'makes assertions by an %s key that the verifier of gestures takes',
  (alg) => {
    const authenticator = softwareAuthenticator(crypto, crypto.generateKey(alg), {
      rp_id: RP.rp_id,
      origin: RP.origins[0]!,
    })
    const person = { rev: 'rev_1', role: 'principal' as const, jwk: authenticator.jwk, registration: 0 }
    const assertion = authenticator.assert(challenge)
    expect(gestureFault(crypto, RP, challenge, { ...person, ...assertion })).toBeNull()
    expect(gestureFault(crypto, RP, 'YW5vdGhlcg', { ...person, ...assertion })).toMatch(/challenge/)
    expect(JSON.parse(fromUtf8(fromBase64url(assertion.client_data)))).toMatchObject({
      type: 'webauthn.get',
      challenge,
      crossOrigin: false,
    })
    expect(fromBase64url(assertion.authenticator_data)).toHaveLength(37)
  },
)

test('never shows its private key', () => {
  const key = crypto.generateKey('Ed25519')
  const authenticator = softwareAuthenticator(crypto, key, { rp_id: RP.rp_id, origin: RP.origins[0]! })
  expect(JSON.stringify(authenticator)).not.toContain(key.d)
  expect(authenticator.jwk).not.toHaveProperty('d')
})

test.each(['Ed25519', 'ES256'] as const)(
  'registers an %s key in an attestation that other software reads',
  async (alg) => {
    const rp = { rp_id: RP.rp_id, origin: RP.origins[0]! }
    const authenticator = softwareAuthenticator(crypto, crypto.generateKey(alg), rp)
    const { id, client_data, attestation_object } = authenticator.register(challenge)
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: {
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: { clientDataJSON: client_data, attestationObject: attestation_object },
      },
      expectedChallenge: challenge,
      expectedOrigin: rp.origin,
      expectedRPID: rp.rp_id,
      supportedAlgorithmIDs: [-8, -7],
    })
    expect(verified).toBe(true)
    expect(registrationInfo).toMatchObject({ fmt: 'none', aaguid: SOFTWARE_AAGUID, userVerified: true })
    expect(id).toBe(thumbprint(crypto, authenticator.jwk))
  },
)
