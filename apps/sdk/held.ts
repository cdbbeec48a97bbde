/**
 * What an agent holds, from its key file: the key, and the chain that lies beside it. spec/sdk.md (SDK-1).
 * @module
 */
import { readFile } from 'node:fs/promises'
import type { PrivateJwk, Signer } from '../../src/core/crypto.ts'
import { signerOf } from '../../src/enforce/sdk.ts'
import { SdkError } from '../../src/enforce/sdk-errors.ts'
import type { DisclosableClaim } from '../../src/token/disclosure.ts'

export interface HeldOptions {
  /** The holder key: a private JWK, its text, or the path of the file that `countersign agent key` wrote. */
  readonly key: PrivateJwk | string
  /** The chain or the path of its file. Unless given it lies beside the key: `agent.chain` for `agent.key.json`. */
  readonly chain?: string
  /** Claims of the root to show besides the grants (SEL-1): the instruction unless told otherwise. */
  readonly claims?: readonly DisclosableClaim[]
}

export interface Held {
  readonly chain: string
  readonly key: PrivateJwk | string
  readonly holder: Signer
  readonly claims: readonly DisclosableClaim[]
}

/** @throws {SdkError} `KEY_UNREADABLE`, `KEY_INVALID`, `CHAIN_UNREADABLE` */
export async function heldBy(options: HeldOptions): Promise<Held> {
  const path =
    typeof options.key === 'string' && !options.key.trimStart().startsWith('{') ? options.key : null
  const key = path === null ? options.key : await textOf(path, 'KEY_UNREADABLE')
  const holder = signerOf(key)
  return { key, holder, chain: await chainOf(options.chain, path), claims: options.claims ?? ['instruction'] }
}

async function chainOf(given: string | undefined, keyPath: string | null): Promise<string> {
  if (given?.includes('~')) return given.trim()
  const path = given ?? keyPath?.replace(/(\.key)?\.(json|jwk)$/, '').concat('.chain')
  if (path === undefined)
    throw new SdkError('CHAIN_UNREADABLE', 'no chain: give it, or the path of a key file that it lies beside')
  return (await textOf(path, 'CHAIN_UNREADABLE')).trim()
}

async function textOf(path: string, code: 'CHAIN_UNREADABLE' | 'KEY_UNREADABLE'): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new SdkError(code, `${path} cannot be read: check the path`, { cause })
  }
}
