/**
 * The life of the issuer's keys: each event is about a key that was there, in an order that the registers allow.
 * spec/keys.md (KEY-1 to KEY-4).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { publicJwk, thumbprint } from '../../core/jwk.ts'
import { seconds } from '../../core/time.ts'
import type { IssuerKey } from '../../token/trust.ts'
import type { History } from '../history.ts'
import type { Findings } from './report.ts'

/** The issuer's keys by thumbprint, as the whole log tells of them. Compromised ones are in: frames say from when. */
export function issuerKeys(crypto: Crypto, history: History): Map<string, IssuerKey> {
  const keys = new Map<string, IssuerKey>()
  for (const { entry } of history.keys) {
    if (entry.body.use !== 'issuer') continue
    const jwk = publicJwk(entry.body.jwk)
    keys.set(thumbprint(crypto, jwk), { jwk, retired_at: null })
  }
  for (const { entry } of history.keyEvents) {
    const key = keys.get(entry.body.kid)
    if (key !== undefined && entry.type === 'key.retired')
      keys.set(entry.body.kid, {
        ...key,
        retired_at: Math.min(entry.body.retired_at, key.retired_at ?? Infinity),
      })
  }
  return keys
}

/** The key that signs as of an entry: the last one made before it (KEY-2). */
export function currentKid(history: History, index: number): string | null {
  const before = history.keys.filter((key) => key.index < index && key.entry.body.use === 'issuer')
  return before.at(-1)?.entry.body.kid ?? null
}

interface KeyLife {
  readonly created_index: number
  readonly created_s: number
  retired: boolean
  compromised: boolean
}

export function checkKeys(history: History, findings: Findings): number {
  const lives = new Map<string, KeyLife>()
  const others = new Set<string>()
  const fault = (index: number, message: string): void =>
    findings.add({ code: 'KEY_EVENT_INVALID', message, index })
  for (const { index, entry } of history.keys) {
    const { use, kid } = entry.body
    const isRepeated = use === 'issuer' ? lives.has(kid) : others.has(use)
    if (isRepeated) fault(index, `a second ${use} key of this name, or for this use`)
    else if (use !== 'issuer') others.add(use)
    else {
      const created_s = seconds(Date.parse(entry.time))
      lives.set(kid, { created_index: index, created_s, retired: false, compromised: false })
    }
  }
  for (const { index, entry } of history.keyEvents) {
    const { kid } = entry.body
    const life = lives.get(kid)
    if (life === undefined || life.created_index > index) {
      fault(index, 'the end of a key that was not there')
    } else if (entry.type === 'key.retired') {
      const { retired_at } = entry.body
      if (life.retired || life.compromised || currentKid(history, index) === kid)
        fault(index, 'a key is retired that had ended, or that signs')
      if (retired_at < life.created_s || retired_at > seconds(Date.parse(entry.time)))
        fault(index, 'a key is retired in the future, or before it was made')
      life.retired = true
    } else {
      if (life.compromised || currentKid(history, index) === kid || !hasFrame(history, kid, entry.time))
        fault(index, 'a compromise without its frame, for the second time, or of the key that signs')
      life.compromised = true
    }
  }
  for (const { index, entry } of history.revocations) {
    const { kind, handle } = entry.body.frame
    if (kind === 'issuer' && lives.get(handle)?.compromised !== true)
      fault(index, 'a frame revokes an issuer key of which the log tells no compromise')
  }
  return history.keys.length + history.keyEvents.length
}

/** Both are of one transaction, so of one time. */
function hasFrame(history: History, kid: string, time: string): boolean {
  return history.revocations.some(
    ({ entry }) =>
      entry.time === time && entry.body.frame.kind === 'issuer' && entry.body.frame.handle === kid,
  )
}
