/**
 * The file of `countersign start --anchors`: who cosigns, and what is anchored where. spec/witness.md.
 * Secrets stand in files of their own that it names. Paths in it begin at its own folder.
 * @module
 */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import type { Crypto } from '../../src/core/crypto.ts'
import { CountersignError } from '../../src/core/errors.ts'
import { parseCosignerVkey } from '../../src/log/cosignature.ts'
import { LogError } from '../../src/log/entries.ts'
import { kOfN, parsePolicy, type Policy } from '../../src/log/policy.ts'

const FILE_BYTES_MAX = 256 * 1024
/** Said at once. */
const ISSUES_MAX = 8
/** WIT-10, in milliseconds. */
const WAIT_MS = 1_000

const path = z.string().min(1).max(1024)
const httpUrl = z.url({ protocol: /^https?$/ }).max(1024)

const waiting = {
  /** `required`: nothing is published without the quorum. */
  mode: z.enum(['best_effort', 'required']).default('best_effort'),
  /** How long a publication waits for cosignatures. */
  wait_ms: z.int().min(10).max(30_000).default(WAIT_MS),
}

const witnessesSchema = z.union([
  z.strictObject({ ...waiting, policy: path }),
  z.strictObject({
    ...waiting,
    quorum: z.int().min(0),
    of: z
      .array(z.strictObject({ vkey: z.string().max(512), url: httpUrl }))
      .min(1)
      .max(32),
  }),
])

const anchorSchema = z.discriminatedUnion('kind', [
  /** `witness` is the name of its key; it is one of `witnesses`. */
  z.strictObject({ kind: z.literal('cosignature'), witness: z.string().min(1).max(256) }),
  z.strictObject({
    kind: z.literal('timestamp'),
    /** Stands in the log: who stamps. */
    name: z.string().min(1).max(128),
    url: httpUrl,
    /** PEM file of the authority's root certificates. */
    roots: path,
  }),
  z.strictObject({
    kind: z.literal('mail'),
    /** Stands in the log: no address. */
    name: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[^@]*$/, 'a name, not an address'),
    to: z.email(),
    from: z.email(),
    smtp: z.strictObject({
      host: z.string().min(1).max(256),
      port: z.int().min(1).max(65_535),
      /** `starttls`: refused when the server has none. `none`: for a server on this machine. */
      tls: z.enum(['implicit', 'starttls', 'none']).default('starttls'),
      user: z.string().max(256).exactOptional(),
      password_file: path.exactOptional(),
      /** PEM file of the certificate authorities, where they are not the usual ones. */
      ca: path.exactOptional(),
    }),
  }),
])

const settingsSchema = z.strictObject({
  v: z.literal(1),
  witnesses: witnessesSchema.exactOptional(),
  anchors: z.array(anchorSchema).max(16).default([]),
})

export type AnchorSetting = z.infer<typeof anchorSchema>

export interface AnchorSettings {
  readonly witnesses: (Policy & Pick<z.infer<typeof witnessesSchema>, 'mode' | 'wait_ms'>) | null
  readonly anchors: readonly AnchorSetting[]
  /** The text of a file that the settings name. @throws {AnchorSettingsError} */
  readonly read: (path: string) => string
}

export type AnchorSettingsErrorCode = 'ANCHORS_INVALID' | 'ANCHORS_UNREADABLE'
export class AnchorSettingsError extends CountersignError<AnchorSettingsErrorCode> {}

/** @throws {AnchorSettingsError} */
export function readAnchorSettings(crypto: Crypto, file: string): AnchorSettings {
  const folder = dirname(resolve(file))
  const read = (name: string): string => readText(resolve(folder, name))
  let value: unknown
  try {
    value = JSON.parse(readText(resolve(file)))
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    const where = /\(line \d+ column \d+\)/.exec(cause.message)?.[0] ?? 'at its end'
    throw new AnchorSettingsError('ANCHORS_INVALID', `${file} does not hold JSON ${where}`, { cause })
  }
  const parsed = settingsSchema.safeParse(value)
  if (!parsed.success) {
    const said = parsed.error.issues.flatMap(plain).slice(0, ISSUES_MAX)
    throw new AnchorSettingsError('ANCHORS_INVALID', `${file} does not fit: ${said.join('; ')}`)
  }
  const { witnesses, anchors } = parsed.data
  const settings = {
    witnesses: witnesses ? witnessesOf(crypto, witnesses, { file, read }) : null,
    anchors,
    read,
  }
  assertKnown(file, settings)
  return settings
}

/** Where in the file, and what; of several forms the one that fits best. A value is not said: it may be a secret. */
function plain({ path, message, ...issue }: z.core.$ZodIssue): string[] {
  const forms = issue.code === 'invalid_union' ? issue.errors : []
  const [best] = forms.filter((form) => form.length > 0).toSorted((a, b) => a.length - b.length)
  if (best !== undefined) return best.flatMap((each) => plain({ ...each, path: [...path, ...each.path] }))
  return [`${path.join('.') || 'the whole'}: ${message}`]
}

function witnessesOf(
  crypto: Crypto,
  given: z.infer<typeof witnessesSchema>,
  { file, read }: { readonly file: string; readonly read: (path: string) => string },
): AnchorSettings['witnesses'] {
  const { mode, wait_ms } = given
  const at = <T>(where: string, parse: () => T): T => {
    try {
      return parse()
    } catch (cause) {
      if (!(cause instanceof LogError)) throw cause
      throw new AnchorSettingsError('ANCHORS_INVALID', `${where}: ${cause.message}`, { cause })
    }
  }
  if ('policy' in given) {
    const bytes = Buffer.from(read(given.policy))
    return { ...at(given.policy, () => parsePolicy(crypto, bytes)), mode, wait_ms }
  }
  const of = given.of.map(({ vkey, url }, i) => ({
    key: at(`${file}: witnesses.of.${i}.vkey`, () => parseCosignerVkey(crypto, vkey)),
    url,
  }))
  return { ...at(`${file}: witnesses.quorum`, () => kOfN(given.quorum, of)), mode, wait_ms }
}

/** Every witness is asked somewhere, an anchor's witness is one of them, and no two anchors have one name. */
function assertKnown(file: string, { witnesses, anchors }: AnchorSettings): void {
  const refuse = (what: string): never => {
    throw new AnchorSettingsError('ANCHORS_INVALID', `${file}: ${what}`)
  }
  for (const { key, url } of witnesses?.witnesses ?? []) {
    if (!httpUrl.safeParse(url).success) refuse(`the witness ${key.name} has no URL where it is asked`)
  }
  const names = anchors.map((anchor) => (anchor.kind === 'cosignature' ? anchor.witness : anchor.name))
  for (const [i, anchor] of anchors.entries()) {
    const isWitness = witnesses?.witnesses.some(({ key }) => key.name === names[i]) ?? false
    if (anchor.kind === 'cosignature' && !isWitness) refuse(`the anchor ${names[i]} is none of the witnesses`)
    if (names.indexOf(names[i] ?? '') !== i) refuse(`two anchors have the name ${names[i]}`)
  }
}

function readText(file: string): string {
  try {
    const bytes = readFileSync(file)
    if (bytes.length <= FILE_BYTES_MAX) return bytes.toString()
  } catch (cause) {
    throw new AnchorSettingsError('ANCHORS_UNREADABLE', `${file} cannot be read`, { cause })
  }
  throw new AnchorSettingsError('ANCHORS_UNREADABLE', `${file} is over ${FILE_BYTES_MAX} bytes`)
}
