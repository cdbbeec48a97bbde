/** Acknowledgements of enforcement points: how far each has come. spec/revocation.md, REV-13. @module */
import type { Crypto, PublicJwk, Signer } from '../core/crypto.ts'
import { signTagged, verifyTagged } from '../core/sign.ts'
import { ACK_TAG, type Ack, type SignedAck } from './statement.ts'

export function signAck(signer: Signer, ack: Ack): SignedAck {
  return { ack, sig: signTagged(signer, ACK_TAG, ack) }
}

export function verifyAck(crypto: Crypto, key: PublicJwk, signed: SignedAck): boolean {
  return verifyTagged(crypto, key, ACK_TAG, signed.ack, signed.sig)
}
