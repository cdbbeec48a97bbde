/**
 * A person's profile: the control plane, the operator key that signs requests, and the key of a software authenticator
 * unless the person has a passkey, which is never in a file. A program's is its service account and its key alone.
 * Files are mode 0600 in a folder of mode 0700.
 * @module
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { ApiClient } from '../../src/adapters/http/client.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { softwareAuthenticator } from '../../src/adapters/software-authenticator/software-authenticator.ts'
import type { PrivateJwk, PublicJwk } from '../../src/core/crypto.ts'
import { publicJwk } from '../../src/core/jwk.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { browserAuthenticator, checkedAuthenticator, type Authenticator, type ShowLink } from './ceremony.ts'
import { CliError, tell } from './output.ts'

const privateJwk = z.looseObject({ kty: z.enum(['OKP', 'EC']), d: z.string() })

const profileSchema = z.strictObject({
  v: z.literal(1),
  url: z.url(),
  person: z.string(),
  rp_id: z.string(),
  origin: z.string(),
  operator: privateJwk,
  /** Key of the software authenticator; absent when the person uses a passkey in a browser. */
  passkey: privateJwk.exactOptional(),
})

export type ProfileFile = z.infer<typeof profileSchema>

/** Of a program (SVC-4): what it asks with, and nothing that makes a gesture. */
const serviceSchema = z.strictObject({ v: z.literal(1), url: z.url(), service: z.string(), key: privateJwk })
export type ServiceFile = z.infer<typeof serviceSchema>
const anySchema = z.union([profileSchema, serviceSchema])

export interface Profile {
  /** Of a program its account. */
  readonly person: string
  readonly url: string
  readonly client: ApiClient
  readonly authenticator: Authenticator
  /** Whether the passkey is in a browser. */
  readonly usesBrowser: boolean
}

export function profileFolder(option: string | undefined): string {
  return option ?? process.env.COUNTERSIGN_HOME ?? join(homedir(), '.countersign')
}

/** @throws {CliError} `NO_PROFILE` */
export async function loadProfile(option: string | undefined): Promise<Profile> {
  const file = await readProfile(join(profileFolder(option), 'profile.json'))
  return 'service' in file ? openService(file) : openProfile(file)
}

/** @throws {CliError} `NO_PROFILE`; `SERVICE_ACCOUNT_REFUSED`: it is the profile of a program */
export async function readPersonProfile(option: string | undefined): Promise<ProfileFile> {
  const file = await readProfile(join(profileFolder(option), 'profile.json'))
  if ('service' in file)
    throw new CliError('SERVICE_ACCOUNT_REFUSED', 'this is the profile of a program: name that of a person')
  return file
}

/** @throws {CliError} `NO_PROFILE` */
export async function readProfile(path: string): Promise<ProfileFile | ServiceFile> {
  try {
    return anySchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw new CliError(
      'NO_PROFILE',
      `no profile at ${path}: run "countersign enroll --url URL --secret SECRET", or name another folder with --profile`,
      {
        cause,
      },
    )
  }
}

export function openService({ url, service, key }: ServiceFile): Profile {
  const signer = nodeCrypto.signer(key as unknown as PrivateJwk)
  const client = new ApiClient({ url, crypto: nodeCrypto, clock: systemClock, signer })
  const authenticator = checkedAuthenticator(() => {
    const why = 'a program makes no gesture: do this with the profile of a person'
    return Promise.reject(new CliError('SERVICE_ACCOUNT_REFUSED', why))
  })
  return { person: service, url, client, authenticator, usesBrowser: false }
}

/** @param show where the links of ceremonies go: to the terminal unless told otherwise */
export function openProfile(file: ProfileFile, show: ShowLink = tellLink): Profile {
  const signer = nodeCrypto.signer(file.operator as unknown as PrivateJwk)
  const client = new ApiClient({ url: file.url, crypto: nodeCrypto, clock: systemClock, signer })
  const authenticator = authenticatorOf(file, client, show)
  const usesBrowser = file.passkey === undefined
  return { person: file.person, url: file.url, client, authenticator, usesBrowser }
}

function authenticatorOf(file: ProfileFile, client: ApiClient, show: ShowLink): Authenticator {
  if (file.passkey === undefined) return browserAuthenticator(client, show)
  const { rp_id, origin } = file
  const key = file.passkey as unknown as PrivateJwk
  const software = softwareAuthenticator(nodeCrypto, key, { rp_id, origin })
  return checkedAuthenticator(async (challenge) => software.assert(challenge))
}

/** Not on stdout: that is for results. */
export function tellLink(url: string): void {
  tell(`Open this in the browser where your passkey is, within ten minutes:\n  ${url}`)
}

/** Makes the folder, which holds no profile yet. Before enrolling: a secret works once. @throws {CliError} `FILE_UNWRITABLE` */
export async function prepareProfile(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw unwritable(folder, cause)
  }
  try {
    await assertWritable(join(folder, 'profile.json'))
  } catch (cause) {
    if (!(cause instanceof CliError) || !isOf(cause.cause, 'EEXIST')) throw cause
    const why = `${folder} holds a profile already: see "countersign person list", or name another folder with --profile`
    throw new CliError('FILE_UNWRITABLE', why, { cause })
  }
}

export async function saveProfile(folder: string, file: ProfileFile | ServiceFile): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writePrivate(join(folder, 'profile.json'), file)
}

/**
 * That a new file can be written there. Asked before an act at the control plane that cannot be taken back, and whose
 * result goes to the file alone.
 * @throws {CliError} `FILE_UNWRITABLE`
 */
export async function assertWritable(path: string): Promise<void> {
  await writePrivate(path, '')
  await rm(path)
}

/** Writes a file that holds a key: mode 0600, and never over another one. @throws {CliError} `FILE_UNWRITABLE` */
export async function writePrivate(path: string, value: unknown): Promise<void> {
  const text = typeof value === 'string' ? value : `${JSON.stringify(value, null, 2)}\n`
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

export function unwritable(path: string, cause: unknown): CliError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const why =
    code === 'EEXIST'
      ? `${path} exists already: choose another name, or move it away`
      : `${path} cannot be written${code === '' ? '' : ` (${code})`}: check the folder and its permissions`
  return new CliError('FILE_UNWRITABLE', why, { cause })
}

export function unreadable(path: string, cause: unknown): CliError {
  const why = isOf(cause, 'ENOENT') ? 'does not exist' : 'cannot be read'
  return new CliError('FILE_UNREADABLE', `${path} ${why}: check the name and its permissions`, { cause })
}

function isOf(cause: unknown, code: string): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === code
}

/** @throws {CliError} `FILE_UNREADABLE` */
export async function readText(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/** @throws {CliError} `FILE_UNREADABLE`, `ARGUMENT_INVALID` */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CliError(
      'ARGUMENT_INVALID',
      `${path} does not hold JSON: see the command's --help for what belongs there`,
      { cause },
    )
  }
}

/** The public half of a key, from a file that may hold the private one too. @throws {CliError} `FILE_UNREADABLE`, `ARGUMENT_INVALID` */
export async function readPublicKey(path: string): Promise<PublicJwk> {
  const value = z.looseObject({ kty: z.string() }).safeParse(await readJson(path))
  if (!value.success)
    throw new CliError(
      'ARGUMENT_INVALID',
      `${path} does not hold a key (JWK): give the file that "countersign agent key" wrote`,
    )
  const { d: _, ...jwk } = value.data
  return publicJwk(jwk)
}
