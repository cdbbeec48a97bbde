/**
 * Where a gesture comes from: a key in the profile, or a passkey in a browser by way of a ceremony. spec/people.md.
 * Invariant: neither is asked before the challenge was computed here from what is shown.
 * @module
 */
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import type { ApiClient } from '../../src/adapters/http/client.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Assertion } from '../../src/adapters/software-authenticator/software-authenticator.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { shownFault, type Shown } from '../../src/token/shown.ts'
import { CliError } from './output.ts'

/** How often the outcome is asked for. */
const POLL_MS = 500

export interface Authenticator {
  /** @throws {CliError} `GESTURE_MISMATCH`, `CEREMONY_DECLINED`, `CEREMONY_EXPIRED` */
  assert(challenge: string, shown: Shown): Promise<Assertion>
}

/** Tells a person to open a link in the browser where their passkey is. */
export type ShowLink = (url: string) => void

/** @param assert asks for the gesture itself */
export function checkedAuthenticator(assert: Authenticator['assert']): Authenticator {
  return {
    assert: async (challenge, shown) => {
      const fault = shownFault(nodeCrypto, challenge, shown)
      if (fault !== null) throw new CliError('GESTURE_MISMATCH', `nothing was signed: ${fault}`)
      return assert(challenge, shown)
    },
  }
}

/** @param client signs with the operator key of the person whose passkey it is */
export function browserAuthenticator(client: ApiClient, show: ShowLink): Authenticator {
  return checkedAuthenticator(async (challenge, { tag, value, disclosures }) => {
    const shown = { tag, value, ...(disclosures === undefined ? {} : { disclosures }) }
    const id = await startCeremony(client, '/v1/ceremonies', { challenge, shown }, show)
    return gestureOf(client, id)
  })
}

const madeSchema = z.object({ id: z.string(), url: z.url() })

/** @returns its identifier, once the link has been shown */
export async function startCeremony(
  client: ApiClient,
  path: '/v1/ceremonies' | '/v1/ceremonies/enrol' | '/v1/ceremonies/passkey',
  body: JsonObject,
  show: ShowLink,
): Promise<string> {
  const { id, url } = madeSchema.parse(await client.post(path, body))
  show(url)
  return id
}

const gesture = z.strictObject({
  client_data: z.string(),
  authenticator_data: z.string(),
  signature: z.string(),
})
const outcomeSchema = z.object({
  state: z.enum(['open', 'done', 'declined', 'expired']),
  gesture: gesture.exactOptional(),
  enrolled: z
    .object({ person: z.string(), first: z.boolean(), next: z.string().exactOptional() })
    .exactOptional(),
  registered: z.object({ credential: z.record(z.string(), z.string()), next: z.string() }).exactOptional(),
})
type Outcome = z.infer<typeof outcomeSchema>

/** Waits until the person has answered. @throws {CliError} `CEREMONY_DECLINED`, `CEREMONY_EXPIRED` */
async function outcomeOf(client: ApiClient, id: string): Promise<Outcome> {
  for (;;) {
    const outcome = outcomeSchema.parse(await client.get(`/v1/ceremonies/${id}`))
    if (outcome.state === 'done') return outcome
    if (outcome.state === 'declined')
      throw new CliError(
        'CEREMONY_DECLINED',
        'it was declined in the browser: run the command again to ask anew',
      )
    if (outcome.state === 'expired')
      throw new CliError('CEREMONY_EXPIRED', 'the link was not used in time: run the command again')
    await wait(POLL_MS)
  }
}

/** @throws {CliError} `CEREMONY_DECLINED`, `CEREMONY_EXPIRED` */
export async function gestureOf(client: ApiClient, id: string): Promise<Assertion> {
  return gesture.parse((await outcomeOf(client, id)).gesture)
}

/** @throws {CliError} `CEREMONY_DECLINED`, `CEREMONY_EXPIRED` */
export async function enrolmentOf(
  client: ApiClient,
  id: string,
): Promise<{ person: string; first: boolean; next?: string }> {
  const { enrolled } = await outcomeOf(client, id)
  if (enrolled === undefined)
    throw new CliError('CEREMONY_EXPIRED', 'the ceremony enrolled nobody: run the command again')
  return enrolled
}

/** Another passkey, as the authenticator gave it, and the gesture that adds it. @throws {CliError} as {@link gestureOf} */
export async function additionOf(
  client: ApiClient,
  id: string,
): Promise<{ credential: Readonly<Record<string, string>>; gesture: Assertion }> {
  const { registered } = await outcomeOf(client, id)
  if (registered === undefined)
    throw new CliError('CEREMONY_EXPIRED', 'the ceremony registered nothing: run the command again')
  return { credential: registered.credential, gesture: await gestureOf(client, registered.next) }
}
