/** Service accounts, as operators see to them and programs enrol and rotate. One function an act, as in operator.ts. @module */
import { readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { ApiClient, ApiError } from '../../src/adapters/http/client.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk, Signer } from '../../src/core/crypto.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { SERVICE_ROLE_NAMES, type ServiceRole } from '../../src/core/roles.ts'
import { signRotation } from '../../src/core/service-rotation.ts'
import { seconds } from '../../src/core/time.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { approveAt } from './operator.ts'
import { CliError } from './output.ts'
import { readProfile, writePrivate, type Profile, type ServiceFile } from './profile.ts'

const view = z.object({
  id: z.string(),
  name: z.string(),
  purpose: z.string(),
  owner: z.string(),
  roles: z.array(z.enum(SERVICE_ROLE_NAMES)),
  networks: z.array(z.string()),
  status: z.enum(['waiting', 'approved', 'active', 'expired', 'disabled', 'retired']),
  proposer: z.string(),
  approver: z.string().nullable(),
  expires: z.int(),
  key: z.object({ jkt: z.string(), since: z.int() }).nullable(),
  used: z.int().nullable(),
})
export type ServiceView = z.infer<typeof view>

const PATH = '/v1/service-accounts'
const pathOf = (id: string): string => `${PATH}/${encodeURIComponent(id)}`

export async function listServices(profile: Profile): Promise<ServiceView[]> {
  return z.object({ accounts: z.array(view) }).parse(await profile.client.get(PATH)).accounts
}

export interface ServiceProposal {
  readonly name: string
  readonly purpose: string
  readonly owner: string
  readonly roles: readonly ServiceRole[]
  readonly networks: readonly string[]
  readonly days: number
}

export async function proposeService(
  profile: Profile,
  { roles, networks, ...rest }: ServiceProposal,
): Promise<{ account: string; expires: string }> {
  const answer = await profile.client.post(PATH, { ...rest, roles: [...roles], networks: [...networks] })
  return z.object({ account: z.string(), expires: z.string() }).parse(answer)
}

export async function approveService(profile: Profile, account: string): Promise<void> {
  await approveAt(profile, pathOf(account), { act: 'service_account.approve', account })
}

export async function inviteService(
  profile: Profile,
  account: string,
): Promise<{ secret: string; expires: number }> {
  const answer = await profile.client.post(`${pathOf(account)}/invite`, {})
  return z.object({ secret: z.string(), expires: z.int() }).parse(answer)
}

export async function disableService(profile: Profile, account: string, reason: string): Promise<void> {
  await profile.client.post(`${pathOf(account)}/disable`, { reason })
}

/** Makes the key of the program, and enrols it with the secret. */
export async function enrolService(url: string, secret: string): Promise<ServiceFile> {
  const key = nodeCrypto.generateKey('Ed25519')
  const answer = await clientOf(url, nodeCrypto.signer(key)).post(`${PATH}/enroll`, { secret })
  const { account } = z.object({ account: z.string() }).parse(answer)
  return { v: 1, url, service: account, key: { ...key } }
}

function clientOf(url: string, signer: Signer): ApiClient {
  return new ApiClient({ url, crypto: nodeCrypto, clock: systemClock, signer })
}

/**
 * Gives the program of a folder another key. That is on disk before it is asked for: whatever is lost on the way, one of
 * the two files has the key that counts, and asking again finds out which.
 * @throws {CliError} `NO_PROFILE`, `FILE_UNWRITABLE`; `REQUEST_INVALID`: it is the profile of a person
 */
export async function rotateService(folder: string): Promise<{ account: string; jkt: string }> {
  const [path, next] = [join(folder, 'profile.json'), join(folder, 'profile.next.json')]
  const file = await readProfile(path)
  if (!('service' in file))
    throw new CliError('REQUEST_INVALID', 'this is the profile of a person: name that of a service account')
  if (await isThere(next)) {
    const begun = await readProfile(next)
    if ('service' in begun && (await counts(begun))) {
      await rename(next, path)
      return { account: begun.service, jkt: jktOf(begun) }
    }
    await rm(next)
  }
  const key = nodeCrypto.generateKey('Ed25519')
  const fresh: ServiceFile = { ...file, key: { ...key } }
  await writePrivate(next, fresh)
  const [old, signer] = [signerOf(file), nodeCrypto.signer(key)]
  const over = { account: file.service, from: jktOf(file), to: jktOf(fresh) }
  const iat = seconds(systemClock.now())
  await clientOf(file.url, old).post(`${PATH}/self/rotate`, {
    jwk: { ...signer.publicJwk },
    old: signRotation(old, over, iat),
    new: signRotation(signer, over, iat),
  })
  await rename(next, path)
  return { account: file.service, jkt: over.to }
}

function signerOf({ key }: ServiceFile): Signer {
  return nodeCrypto.signer(key as unknown as PrivateJwk)
}

function jktOf(file: ServiceFile): string {
  return thumbprint(nodeCrypto, signerOf(file).publicJwk)
}

async function isThere(path: string): Promise<boolean> {
  try {
    await readFile(path)
    return true
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return false
    throw cause
  }
}

/** Whether the key is the one of an account now. @throws {ApiError} when that cannot be said */
async function counts(file: ServiceFile): Promise<boolean> {
  try {
    await clientOf(file.url, signerOf(file)).get(`${PATH}/self`)
    return true
  } catch (cause) {
    if (cause instanceof ApiError && cause.remote === 'AUTH_KEY_UNKNOWN') return false
    throw cause
  }
}
