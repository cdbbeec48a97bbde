/**
 * Composes what a service needs to take access tokens: the authorization server of its control plane, hosting keys in a
 * file beside its spool. spec/sdk.md (SDK-15).
 * @module
 */
import { dirname, join } from 'node:path'
import { ApiClient } from '../../src/adapters/http/client.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { AccessTokens } from '../../src/enforce/access-tokens.ts'
import { bearerOf } from '../../src/enforce/adapters/http/bearer.ts'
import type { HostedDelegations } from '../../src/enforce/hosted.ts'
import type { Credential } from '../../src/enforce/types.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { authorizationServer, openHosting } from '../gateway/hosting.ts'
import { Filler } from '../gateway/http-gateway.ts'
import type { PointFile } from '../gateway/point-file.ts'

export interface TakesTokens {
  readonly hosting: HostedDelegations
  readonly bearer: (token: string) => Promise<Credential | null>
  stop(): void
}

/** @throws {GatewayError} `CONTROL_PLANE_AWAY`, `HOSTING_INVALID` */
export async function takeTokens(
  file: PointFile,
  path: string,
  of: { readonly server: string; readonly resource: string; readonly onFault: (error: unknown) => void },
): Promise<TakesTokens> {
  const { server, resource, onFault } = of
  const crypto = nodeCrypto
  const clock = systemClock
  const authority = await authorizationServer(file.control_plane)
  const signer = crypto.signer(file.key as unknown as PrivateJwk)
  const hosting = await openHosting({
    path: join(dirname(path), `${file.point}.hosting.json`),
    point: file.point,
    client: new ApiClient({ url: file.control_plane, crypto, clock, signer }),
    clock,
    resources: () => [{ server, url: resource }],
    onFault,
  })
  const filler = new Filler(hosting, true, onFault)
  const tokens = new AccessTokens({ crypto, clock, server: authority })
  return { hosting, bearer: bearerOf({ tokens, hosting, resource }), stop: () => filler.stop() }
}
