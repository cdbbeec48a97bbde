/**
 * Whom a checkpoint must be cosigned by: C2SP tlog-policy files, or k of n keys. spec/witness.md, WIT-4.
 * Invariant: no key counts twice, whatever names it has.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { fromUtf8 } from '../core/encoding.ts'
import { parseCosignerVkey, type CosignerKey } from './cosignature.ts'
import { LogError } from './entries.ts'
import { parseVkey, type NoteKey } from './note.ts'

const POLICY_BYTES_MAX = 64 * 1024
/** Logs, witnesses, groups: what C2SP recommends to support. */
const EACH_MAX = 32

export interface PolicyWitness {
  readonly key: CosignerKey
  /** Its submission prefix, where one is known. */
  readonly url: string | null
}

/** A witness, or at least `k` of others. */
export type Quorum = CosignerKey | { readonly k: number; readonly of: readonly Quorum[] }

export interface Policy {
  readonly logs: readonly NoteKey[]
  readonly witnesses: readonly PolicyWitness[]
  readonly quorum: Quorum
}

/** Nobody needs to cosign. */
const NONE: Quorum = { k: 0, of: [] }

/** `k` of these. @throws {LogError} `POLICY_INVALID`: a key twice, or not 0 <= k <= n. */
export function kOfN(k: number, witnesses: readonly PolicyWitness[]): Policy {
  const keys = witnesses.map(({ key }) => key)
  if (!Number.isInteger(k) || k < 0 || k > keys.length || keys.length > EACH_MAX)
    throw invalid(`a quorum of ${k} of ${keys.length} witnesses cannot be`)
  for (const [i, key] of keys.entries()) assertNew(keys.slice(0, i), key)
  return { logs: [], witnesses, quorum: k === 0 ? NONE : { k, of: keys } }
}

/** Whether those who cosigned are enough. */
export function isQuorum(quorum: Quorum, cosigned: readonly CosignerKey[]): boolean {
  if (!('k' in quorum)) return cosigned.some((key) => key.id === quorum.id && key.name === quorum.name)
  return quorum.of.filter((each) => isQuorum(each, cosigned)).length >= quorum.k
}

/** @throws {LogError} `POLICY_INVALID`: with the number of the line. */
export function parsePolicy(crypto: Crypto, bytes: Uint8Array): Policy {
  if (bytes.length > POLICY_BYTES_MAX) throw invalid(`a policy has at most ${POLICY_BYTES_MAX} bytes`)
  let text: string
  try {
    text = fromUtf8(bytes)
  } catch (cause) {
    throw new LogError('POLICY_INVALID', 'the policy is not UTF-8', { cause })
  }
  // oxlint-disable-next-line no-control-regex -- the only control characters that C2SP tlog-policy has
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text)) throw invalid('the policy has a control character')
  const reader = new PolicyReader(crypto)
  for (const [i, line] of text.split('\n').entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== '')
    if (words.length === 0 || words[0]?.startsWith('#') === true) continue
    try {
      reader.line(words)
    } catch (cause) {
      if (!(cause instanceof LogError)) throw cause
      throw new LogError('POLICY_INVALID', `line ${i + 1} of the policy: ${cause.message}`, { cause })
    }
  }
  return reader.policy()
}

class PolicyReader {
  readonly #crypto: Crypto
  readonly #logs: NoteKey[] = []
  readonly #witnesses: PolicyWitness[] = []
  readonly #named = new Map<string, Quorum>()
  /** Names that are members of a group already: each can be one once. */
  readonly #taken = new Set<string>()
  #groups = 0
  #quorum: Quorum | null = null

  constructor(crypto: Crypto) {
    this.#crypto = crypto
  }

  line([keyword = '', ...words]: readonly string[]): void {
    switch (keyword) {
      case 'log':
        return this.#log(words)
      case 'witness':
        return this.#witness(words)
      case 'group':
        return this.#group(words)
      case 'quorum':
        return this.#setQuorum(words)
      default:
        throw invalid('begins with none of log, witness, group and quorum')
    }
  }

  policy(): Policy {
    if (this.#quorum === null) throw invalid('the policy has no quorum line')
    return { logs: this.#logs, witnesses: this.#witnesses, quorum: this.#quorum }
  }

  #log([vkey = '', , ...rest]: readonly string[]): void {
    if (vkey === '' || rest.length > 0) throw invalid('wants: log <vkey> [<url>]')
    const key = parseVkey(this.#crypto, vkey)
    if (this.#logs.some((other) => other.key.x === key.key.x)) throw invalid('repeats the key of a log')
    if (this.#logs.length >= EACH_MAX) throw invalid(`is more than ${EACH_MAX} logs`)
    this.#logs.push(key)
  }

  #witness([name = '', vkey = '', url, ...rest]: readonly string[]): void {
    if (vkey === '' || rest.length > 0) throw invalid('wants: witness <name> <vkey> [<url>]')
    if (this.#witnesses.length >= EACH_MAX) throw invalid(`is more than ${EACH_MAX} witnesses`)
    const key = parseCosignerVkey(this.#crypto, vkey)
    assertNew(
      this.#witnesses.map((witness) => witness.key),
      key,
    )
    this.#define(name, key)
    this.#witnesses.push({ key, url: url ?? null })
  }

  #group([name = '', threshold = '', ...members]: readonly string[]): void {
    if (members.length === 0) throw invalid('wants: group <name> all|any|<k> <name>...')
    if (++this.#groups > EACH_MAX) throw invalid(`is more than ${EACH_MAX} groups`)
    const of = members.map((member) => {
      const known = this.#named.get(member)
      if (known === undefined) throw invalid('has a member that no line before it defines')
      if (this.#taken.has(member)) throw invalid('has a member that is in a group already')
      this.#taken.add(member)
      return known
    })
    this.#define(name, { k: thresholdOf(threshold, of.length), of })
  }

  #setQuorum([name = '', ...rest]: readonly string[]): void {
    if (name === '' || rest.length > 0) throw invalid('wants: quorum <name>')
    if (this.#quorum !== null) throw invalid('is a second quorum line')
    const known = name === 'none' ? NONE : this.#named.get(name)
    if (known === undefined) throw invalid('names nothing that a line before it defines')
    this.#quorum = known
  }

  #define(name: string, what: Quorum): void {
    if (name === 'none' || this.#named.has(name)) throw invalid('gives a name again')
    this.#named.set(name, what)
  }
}

function thresholdOf(word: string, members: number): number {
  if (word === 'all') return members
  if (word === 'any') return 1
  const k = /^[1-9]\d{0,3}$/.test(word) ? Number(word) : 0
  if (k < 1 || k > members) throw invalid('has a threshold that its members cannot meet')
  return k
}

/** Two names for one public key would be one witness that counts twice. */
function assertNew(known: readonly CosignerKey[], { publicKey }: CosignerKey): void {
  const isKnown = known.some((other) => other.publicKey.x === publicKey.x)
  if (isKnown) throw invalid('repeats the key of a witness')
}

function invalid(message: string): LogError {
  return new LogError('POLICY_INVALID', message)
}
