import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../adapters/node-crypto/node-crypto.ts'
import type { Signer } from '../core/crypto.ts'
import { thumbprint } from '../core/jwk.ts'
import { signJws } from '../core/sign.ts'
import { AccessTokens } from './access-tokens.ts'

const URL_ = 'https://gateway.example/servers/files/mcp'
const ISSUER = 'https://control.example'

class World {
  now_ms = 1_800_000_000_000
  fetches = 0
  isAway = false
  keys: Signer[] = [signer()]
  readonly tokens = new AccessTokens({
    crypto: nodeCrypto,
    clock: { now: () => this.now_ms, monotonic: () => this.now_ms },
    server: {
      issuer: ISSUER,
      keys: async () => {
        this.fetches++
        if (this.isAway) throw new Error('away')
        return { keys: [{ kty: 'RSA', n: 'x', e: 'AQAB', kid: 'rsa' }, ...this.keys.map(published)] }
      },
    },
  })

  token(key: Signer, claims: object = {}): string {
    const iat = Math.floor(this.now_ms / 1000)
    const payload = {
      iss: ISSUER,
      aud: URL_,
      iat,
      exp: iat + 300,
      client_id: 'c',
      delegation: 'dlg_1',
      ...claims,
    }
    return signJws(key, { typ: 'at+jwt', kid: thumbprint(nodeCrypto, key.publicJwk) }, payload)
  }

  verify(token: string): ReturnType<AccessTokens['verify']> {
    return this.tokens.verify({ scheme: 'bearer', token, proof: undefined, method: 'POST', url: URL_ })
  }
}

function signer(): Signer {
  return nodeCrypto.signer(nodeCrypto.generateKey('ES256'))
}

function published({ publicJwk }: Signer): object {
  return { ...publicJwk, kid: thumbprint(nodeCrypto, publicJwk), use: 'sig', alg: 'ES256' }
}

describe('keys of the authorization server', () => {
  test('are fetched once for many tokens, and again for one that is not known', async () => {
    const world = new World()
    const [first] = world.keys
    for (let i = 0; i < 5; i++) expect(await world.verify(world.token(first!))).toMatchObject({ client: 'c' })
    expect(world.fetches).toBe(1)
    const next = signer()
    world.keys.push(next)
    world.now_ms += 5000
    expect(await world.verify(world.token(next))).toMatchObject({ delegation: 'dlg_1' })
    expect(world.fetches).toBe(2)
  })

  test('are not fetched for each stranger', async () => {
    const world = new World()
    for (let i = 0; i < 50; i++)
      expect(await world.verify(world.token(signer()))).toMatchObject({ error: 'invalid_token' })
    expect(world.fetches).toBe(1)
  })

  test('stay in use for a while when they cannot be had, and no longer', async () => {
    const world = new World()
    const [key] = world.keys
    await world.verify(world.token(key!))
    world.isAway = true
    world.now_ms += 200_000
    expect(await world.verify(world.token(key!))).toMatchObject({ client: 'c' })
    world.now_ms += 200_000
    expect(await world.verify(world.token(key!))).toMatchObject({ error: 'temporarily_unavailable' })
  })

  test('a token that was verified is over when it ends', async () => {
    const world = new World()
    const token = world.token(world.keys[0]!)
    expect(await world.verify(token)).toMatchObject({ client: 'c' })
    world.now_ms += 300_000
    expect(await world.verify(token)).toMatchObject({ error: 'invalid_token' })
  })
})
