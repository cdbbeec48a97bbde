/**
 * Enrolment from this browser: an invitation's secret becomes a passkey (spec/people.md, PPL-1). The operator key that
 * signs the request is made here, cannot be exported, and is forgotten afterwards: the console comes in by the passkey.
 * @module
 */
import { challengeOf, toBase64url } from '../../../server/pages/shown.js'
import { ApiFault } from '../api/client.ts'
import { registration } from '../gesture/passkey.ts'

interface Place {
  readonly rp_id: string
  readonly origins: readonly string[]
  readonly algorithms: readonly number[]
  readonly origin: string
  readonly url: string
}

export interface Enrolled {
  readonly person: string
  readonly registration: number
  /** Thumbprint of the passkey. */
  readonly credential: string
  readonly first: boolean
  /** Of a recovery (PPL-12, PPL-13). */
  readonly recovers?: 'alone' | 'by_another'
  readonly credential_id: string
}

export interface Invited {
  readonly secret: string
  readonly person: string
  readonly name: string
}

/** @throws {ApiFault} as `POST /v1/enroll`, {@link PasskeyError} */
export async function enrol(place: Place, { secret, person, name }: Invited): Promise<Enrolled> {
  const operator = await operatorKey()
  const act = {
    act: 'person.enroll',
    operator: operator.jkt,
    secret_sha256: toBase64url(await crypto.subtle.digest('SHA-256', utf8(secret))),
  }
  const challenge = await challengeOf('countersign-act-v1', act)
  const credential = await registration(place, challenge, { id: person, name })
  const body = JSON.stringify({ secret, name, credential })
  const response = await fetch('/v1/enroll', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      dpop: await operator.proof('POST', `${place.url}/v1/enroll`, body),
    },
    body,
  })
  const answer = await response.json()
  if (!response.ok) throw new ApiFault(answer.error.code, answer.error.message, response.status)
  return { ...answer, credential_id: credential.id }
}

interface OperatorKey {
  readonly jkt: string
  proof(method: string, url: string, body: string): Promise<string>
}

async function operatorKey(): Promise<OperatorKey> {
  const { publicKey, privateKey } = await crypto.subtle.generateKey(
    { name: 'ECDSA', namedCurve: 'P-256' },
    false,
    ['sign', 'verify'],
  )
  const { crv, kty, x, y } = await crypto.subtle.exportKey('jwk', publicKey)
  const jwk = { crv, kty, x, y }
  const jkt = toBase64url(await crypto.subtle.digest('SHA-256', utf8(JSON.stringify(jwk))))
  return {
    jkt,
    /** API-1. */
    async proof(method, url, body) {
      const header = { typ: 'dpop+jwt', alg: 'ES256', jwk }
      const claims = {
        jti: toBase64url(crypto.getRandomValues(new Uint8Array(16)).buffer),
        htm: method,
        htu: url,
        iat: Math.floor(Date.now() / 1000),
        body_sha256: toBase64url(await crypto.subtle.digest('SHA-256', utf8(body))),
      }
      const input = `${part(header)}.${part(claims)}`
      const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, utf8(input))
      return `${input}.${toBase64url(signature)}`
    },
  }
}

function part(value: unknown): string {
  return toBase64url(utf8(JSON.stringify(value)).buffer)
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}
