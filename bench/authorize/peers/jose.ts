/** `jose`: JWTs, as most services check them. @module */
import { CALL, POINT } from '../chains.ts'
import { CHAINS_N, load, type Peer, type PeerRow } from './peer.ts'

interface Jose {
  generateKeyPair(
    alg: string,
    options: { extractable: true },
  ): Promise<{ publicKey: object; privateKey: object }>
  exportJWK(key: object): Promise<object>
  importJWK(jwk: object, alg: string): Promise<object>
  SignJWT: new (payload: object) => {
    setProtectedHeader(header: object): Signing
  }
  jwtVerify(token: string, key: object, options: object): Promise<{ payload: Record<string, unknown> }>
}

interface Signing {
  setIssuer(value: string): Signing
  setAudience(value: string): Signing
  setIssuedAt(): Signing
  setExpirationTime(value: string): Signing
  sign(key: object): Promise<string>
}

interface Token {
  readonly token: string
  readonly jwk: object
}

const ISSUER = 'https://issuer.example'

export async function peer(): Promise<Peer> {
  const jose = await load<Jose>('jose')
  return {
    measures:
      'importJWK and jwtVerify of one token with two grants in the clear; three of them for a chain of 3',
    checks: 'signature, issuer, audience, expiry, not-before, algorithm',
    leaves_out:
      'a link between the tokens, narrowing, holder proof, gesture, the call and its arguments, limits, revocation',
    rows: [
      await row(jose, 'chain1_us', 'EdDSA', 1),
      await row(jose, 'chain3_us', 'EdDSA', 3),
      await row(jose, 'es256_us', 'ES256', 1),
    ],
  }
}

async function row(jose: Jose, name: string, alg: string, length: number): Promise<PeerRow> {
  const chains = await Promise.all(
    Array.from({ length: CHAINS_N }, () => Promise.all(Array.from({ length }, () => newToken(jose, alg)))),
  )
  const options = { issuer: ISSUER, audience: POINT, algorithms: [alg] }
  return {
    name,
    prepare: (i) => async () => {
      for (const { token, jwk } of chains[i % CHAINS_N] ?? []) {
        await jose.jwtVerify(token, await jose.importJWK(jwk, alg), options)
      }
    },
  }
}

async function newToken(jose: Jose, alg: string): Promise<Token> {
  const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true })
  const grants = [
    {
      type: 'tool',
      server: CALL.server,
      actions: ['read', CALL.tool],
      constraints: { path: { glob: '/data/**' } },
    },
    { type: 'tool', server: 'mail', actions: ['send'] },
  ]
  const token = await new jose.SignJWT({
    authorization_details: grants,
    cnf: { jwk: await jose.exportJWK(publicKey) },
  })
    .setProtectedHeader({ alg, typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience(POINT)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey)
  return { token, jwk: await jose.exportJWK(publicKey) }
}
