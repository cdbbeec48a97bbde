/** The two proofs of a rotation: by the key so far, and by the new one. spec/service-accounts.md (SVC-5). Pure. @module */
import type { Crypto, PublicJwk, Signer } from './crypto.ts'
import { CoreError } from './errors.ts'
import { parseJws, signJws, verifyJws } from './sign.ts'

const TYP = 'countersign-service-rotation+jwt'
const CHARS_MAX = 1024

export interface Rotation {
  readonly account: string
  /** Thumbprints. */
  readonly from: string
  readonly to: string
}

/** @param iat seconds */
export function signRotation(signer: Signer, { account, from, to }: Rotation, iat: number): string {
  return signJws(signer, { typ: TYP }, { account, from, to, iat })
}

/**
 * Not checked: the time.
 * @returns when it was signed, in seconds; null: it is malformed, not by this key, or over something else
 */
export function rotationTime(
  crypto: Crypto,
  key: PublicJwk,
  { account, from, to }: Rotation,
  proof: string,
): number | null {
  try {
    const jws = parseJws(proof, CHARS_MAX)
    const { iat, ...said } = jws.payload
    const isOver =
      jws.header.typ === TYP &&
      Object.keys(said).length === 3 &&
      said.account === account &&
      said.from === from &&
      said.to === to
    return isOver && Number.isSafeInteger(iat) && verifyJws(crypto, jws, key) ? Number(iat) : null
  } catch (cause) {
    if (cause instanceof CoreError) return null
    throw cause
  }
}
