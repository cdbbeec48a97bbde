/**
 * Identifiers: a prefix that names the kind, then 48 bits of time and 80 random bits in Crockford base32.
 * They sort by time of creation, are URL-safe and say nothing else.
 * @module
 */
import type { Crypto } from './crypto.ts'
import { CoreError } from './errors.ts'

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz'

const TIME_CHARS = 10
const RANDOM_CHARS = 16
/** Prefix, `_`, time and random characters. */
const ID_CHARS = 4 + TIME_CHARS + RANDOM_CHARS

/** What an identifier names. `per` a person, `agt` an agent, `sys` a system, `tol` a tool, `dlg` a delegation,
 * `pnt` an enforcement point, `act` an action, `rev` a revocation handle, `inv` an invitation, `ses` a session, `tpl` a template,
 * `cer` a ceremony, `tok` an access token, `isp` a proposal to trust an issuer, `hld` a legal hold, `lse` a lease,
 * `tch` a change of a tool, `tup` a top-up, `kil` a kill, `lft` a lift, `prb` a probe, `drl` a drill, `apr` an approval, `lsn` a listener, `src` a source of telemetry, `set` a security event, `itm` an
 * item of the inventory, `lbl` a proposal of labels, `flp` a flow policy, `drp` a drift policy, `bsl` a baseline, `opl` an output policy, `out` an output,
 * `att` an attestation, `rvw` a review, `sed` a seeded error,
 * `ntc` a notice, `bas` a basis that is no consent,
 * `dsb` a data subject, `cns` a consent, `obj` an objection, `srq` a data subject's request, `mgr` a consent manager, `alp` an alert policy, `chn` a channel of notifications,
 * `inc` an incident, `rsp` a response policy, `evl` an evaluation of a deviation, `dfc` a deficiency, `nar` a narrative of a control, `vnd` a vendor, `prv` an auditor's preview, `erq` a request for evidence, `rcn` what another source says, `frz` frozen populations, `smp` a sample,
 * `idn` a link to an account at an identity provider, `scm` a client that provisions, `scu` and `scg` its users and groups, `svc` a service account, `aln` a review of what was done alone. */
export type IdPrefix =
  | 'per'
  | 'svc'
  | 'alp'
  | 'chn'
  | 'itm'
  | 'lsn'
  | 'src'
  | 'lbl'
  | 'flp'
  | 'drp'
  | 'bsl'
  | 'opl'
  | 'out'
  | 'att'
  | 'rvw'
  | 'sed'
  | 'set'
  | 'agt'
  | 'sys'
  | 'tol'
  | 'dlg'
  | 'pnt'
  | 'act'
  | 'rev'
  | 'inv'
  | 'ses'
  | 'tpl'
  | 'cer'
  | 'tok'
  | 'isp'
  | 'hld'
  | 'lse'
  | 'tup'
  | 'tch'
  | 'kil'
  | 'lft'
  | 'prb'
  | 'drl'
  | 'apr'
  | 'ntc'
  | 'bas'
  | 'dsb'
  | 'cns'
  | 'obj'
  | 'srq'
  | 'mgr'
  | 'inc'
  | 'acr'
  | 'rsp'
  | 'evl'
  | 'dfc'
  | 'nar'
  | 'rcn'
  | 'frz'
  | 'smp'
  | 'vnd'
  | 'prv'
  | 'erq'
  | 'brc'
  | 'ema'
  | 'aln'
  | 'rol'
  | 'idn'
  | 'scm'
  | 'scu'
  | 'scg'

/** Of the identifier that is being made: every kind has a prefix of three letters, so that all are of one length. */
const codes = Array.from({ length: ID_CHARS }, () => 0)

/**
 * @param now_ms milliseconds since 1970
 * @throws {CoreError} `TIME_INVALID`: before 1970, or later than ten characters say
 */
export function newId(crypto: Crypto, prefix: IdPrefix, now_ms: number): string {
  const random = crypto.randomBytes(RANDOM_CHARS)
  const start = `${prefix}_${spelledTime(now_ms)}`
  for (let i = 0; i < start.length; i++) codes[i] = start.charCodeAt(i)
  for (let i = 0; i < RANDOM_CHARS; i++) codes[start.length + i] = CROCKFORD.charCodeAt((random[i] ?? 0) & 31)
  // In one piece: identifiers are kept, and a text that is put together keeps its parts.
  return String.fromCharCode.apply(null, codes)
}

/** Of the kind, and at random: for what must not say when it was named (ATT-26). It sorts with nothing. */
export function newRandomId(crypto: Crypto, prefix: IdPrefix): string {
  return idFrom(prefix, crypto.randomBytes(TIME_CHARS + RANDOM_CHARS))
}

/** Of the kind, from a digest of at least 26 bytes: the same for the same. */
export function idFrom(prefix: IdPrefix, digest: Uint8Array): string {
  const chars = Array.from(digest.subarray(0, TIME_CHARS + RANDOM_CHARS), (byte) =>
    CROCKFORD.charAt(byte & 31),
  )
  return `${prefix}_${chars.join('')}`
}

/** The millisecond that was spelled last: a busy process names many things in one. */
let spelled = { now_ms: Number.NaN, text: '' }

function spelledTime(now_ms: number): string {
  if (spelled.now_ms === now_ms) return spelled.text
  // A shorter text would leave characters of the identifier before in this one.
  if (!(now_ms >= 0 && now_ms < 32 ** TIME_CHARS))
    throw new CoreError('TIME_INVALID', 'no time of an identifier')
  let text = ''
  let rest = now_ms
  for (let i = 0; i < TIME_CHARS; i++) {
    text = CROCKFORD.charAt(rest % 32) + text
    rest = Math.floor(rest / 32)
  }
  spelled = { now_ms, text }
  return text
}

export function isId(value: unknown, prefix: IdPrefix): value is string {
  return (
    typeof value === 'string' &&
    value.startsWith(`${prefix}_`) &&
    /^[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}$/.test(value)
  )
}

/** When an identifier of {@link newId} was named, milliseconds since 1970. Not checked: that it is one. */
export function timeOfId(id: string): number {
  let time_ms = 0
  for (const char of id.slice(4, 4 + TIME_CHARS)) time_ms = time_ms * 32 + CROCKFORD.indexOf(char)
  return time_ms
}

/** @throws {CoreError} `ID_INVALID` */
export function assertId(value: unknown, prefix: IdPrefix): string {
  if (!isId(value, prefix)) throw new CoreError('ID_INVALID', `not an identifier of kind ${prefix}`)
  return value
}
