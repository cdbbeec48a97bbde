/**
 * Composes what the gateway holds for clients without a key: its file beside the spool, its routes at the control plane.
 * spec/gateway.md (GWR-5).
 * @module
 */
import { open, readFile, rename } from 'node:fs/promises'
import { z } from 'zod'
import { ApiError, type ApiClient } from '../../src/adapters/http/client.ts'
import { readBody } from '../../src/adapters/http/body.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { HostedDelegations, type HostingKey, type HostingPlane } from '../../src/enforce/hosted.ts'
import type { AuthorizationServer } from '../../src/enforce/access-tokens.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { GatewayError } from './errors.ts'

const FETCH_MS = 5000
/** Of metadata, and of a key set. */
const DOCUMENT_BYTES_MAX = 128 * 1024

export interface Resource {
  readonly server: string
  readonly url: string
}

const fileSchema = z.strictObject({
  v: z.literal(1),
  keys: z.array(
    z.strictObject({
      jwk: z.looseObject({ kty: z.enum(['OKP', 'EC']), d: z.string() }),
      used: z.string().nullable(),
    }),
  ),
})

/** @throws {GatewayError} `HOSTING_INVALID` */
export async function openHosting(parts: {
  readonly path: string
  readonly point: string
  readonly client: ApiClient
  readonly clock: Clock
  readonly resources: () => readonly Resource[]
  readonly onFault: (error: unknown) => void
}): Promise<HostedDelegations> {
  const { path, point, client, clock, resources, onFault } = parts
  return new HostedDelegations({
    crypto: nodeCrypto,
    clock,
    point,
    plane: hostingPlane(client, resources),
    keys: await readKeys(path),
    keep: (keys) => writeKeys(path, keys),
    onFault,
  })
}

function hostingPlane(client: ApiClient, resources: () => readonly Resource[]): HostingPlane {
  return {
    register: async (keys) => {
      const body = {
        keys: keys.map((jwk) => ({ ...jwk })),
        resources: resources().map(({ server, url }) => ({ server, url })),
      }
      const answer = await client.put('/v1/points/hosting-keys', body)
      return z.looseObject({ unused: z.int() }).parse(answer).unused
    },
    delegation: async (jti) => {
      try {
        const answer = await client.get(`/v1/points/hosted/${encodeURIComponent(jti)}`)
        return z.looseObject({ chain: z.string() }).parse(answer).chain
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null
        throw error
      }
    },
  }
}

async function readKeys(path: string): Promise<HostingKey[]> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return []
    throw new GatewayError('HOSTING_INVALID', `${path} cannot be read`, { cause })
  }
  try {
    const { keys } = fileSchema.parse(JSON.parse(text))
    return keys.map(({ jwk, used }) => ({ jwk: jwk as unknown as PrivateJwk, used }))
  } catch {
    // Without the cause: it may quote a key.
    throw new GatewayError('HOSTING_INVALID', `${path} is not a file of hosting keys: move it away`)
  }
}

/** Another file in its place, so that a crash leaves one or the other. */
async function writeKeys(path: string, keys: readonly HostingKey[]): Promise<void> {
  const next = `${path}.next`
  const file = await open(next, 'w', 0o600)
  try {
    await file.writeFile(`${JSON.stringify({ v: 1, keys })}\n`)
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(next, path)
}

const metadataSchema = z.looseObject({ issuer: z.url(), jwks_uri: z.url() })

/**
 * The control plane as authorization server, by its metadata (RFC 8414).
 * @throws {GatewayError} `CONTROL_PLANE_AWAY`: it has none
 */
export async function authorizationServer(controlPlane: string): Promise<AuthorizationServer> {
  const base = controlPlane.replace(/\/+$/, '')
  try {
    const found = await fetchJson(`${base}/.well-known/oauth-authorization-server`)
    const { issuer, jwks_uri } = metadataSchema.parse(found)
    // Its keys are its own: metadata that sends us elsewhere for them is not followed.
    const origins = new Set([new URL(issuer).origin, new URL(base).origin])
    if (!origins.has(new URL(jwks_uri).origin)) throw new RangeError('jwks_uri is elsewhere')
    return { issuer, keys: () => fetchJson(jwks_uri) }
  } catch (cause) {
    const message = `${base} has no metadata of an authorization server: access "oauth" needs one`
    throw new GatewayError('CONTROL_PLANE_AWAY', message, { cause })
  }
}

async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(FETCH_MS) })
  if (!response.ok) throw new RangeError(`status ${response.status}`)
  return JSON.parse(new TextDecoder().decode(await readBody(response, DOCUMENT_BYTES_MAX)))
}
