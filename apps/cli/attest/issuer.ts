/**
 * Whom a verifier of attestations trusts: thumbprints that a person gave, or the issuer at an address, which also says
 * what became of an attestation since. spec/carriers.md (CAR-13).
 * @module
 */
import { z } from 'zod'
import { ApiClient, ApiError } from '../../../src/adapters/http/client.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { jwkSchema, publicJwk, thumbprint } from '../../../src/core/jwk.ts'
import type { Bundle } from '../../../src/provenance/statement.ts'
import { pinnedKeys, type Known, type TrustedKey } from '../../../src/provenance/verify.ts'
import { systemClock } from '../../../src/ports/clock.ts'
import { CliError } from '../output.ts'

export interface Issuer {
  keysFor(bundle: Bundle): ReadonlyMap<string, TrustedKey>
  /** What it says of an attestation. Null: nobody was asked. @throws {CliError} `ISSUER_UNREACHABLE` */
  readonly knownOf: ((id: string) => Promise<Known>) | null
}

export function pinnedIssuer(kids: readonly string[]): Issuer {
  return { keysFor: (bundle) => pinnedKeys(nodeCrypto, bundle, kids), knownOf: null }
}

const keysSchema = z.object({
  keys: z.array(
    z.object({
      jwk: jwkSchema,
      status: z.enum(['current', 'verifying', 'retired', 'compromised']),
      retired_at: z.int().nullable(),
    }),
  ),
})
const stateSchema = z.object({ state: z.enum(['valid', 'superseded', 'withdrawn', 'disputed']) })

/**
 * @param kids where some are given, no other key of that issuer counts
 * @throws {CliError} `ISSUER_UNREACHABLE`
 */
export async function askIssuer(url: string, kids: readonly string[]): Promise<Issuer> {
  const client = new ApiClient({ url: url.replace(/\/$/, ''), crypto: nodeCrypto, clock: systemClock })
  const { keys } = await answered(url, async () =>
    keysSchema.parse(await client.get('/v1/public/issuer-keys')),
  )
  const trusted = keys
    .map(({ jwk, status, retired_at }): [string, TrustedKey] => [
      thumbprint(nodeCrypto, publicJwk(jwk)),
      {
        jwk: publicJwk(jwk),
        ...(retired_at === null ? {} : { retired_ms: retired_at * 1000 }),
        ...(status === 'compromised' ? { compromised: true } : {}),
      },
    ])
    .filter(([kid]) => kids.length === 0 || kids.includes(kid))
  return {
    keysFor: () => new Map(trusted),
    knownOf: (id) =>
      answered(url, async () =>
        stateSchema.parse(await client.get(`/v1/public/attestations/${encodeURIComponent(id)}`)),
      ),
  }
}

async function answered<T>(url: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    if (!(cause instanceof ApiError) && !(cause instanceof z.ZodError)) throw cause
    throw new CliError(
      'ISSUER_UNREACHABLE',
      `the issuer at ${url} gave no answer: try again, or verify with --key alone, which does not ask what became of it since`,
      { cause },
    )
  }
}
