/** Notices, bases, consents and data subjects, as operators keep them. One function an act, as in operator.ts. spec/consent.md. @module */
import { z } from 'zod'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { consentExportSchema, type ConsentExport } from '../../../src/core/consent-export.ts'
import { basisSchema, noticeSchema, type Basis, type Notice } from '../../../src/core/consent.ts'
import { sha256Text } from '../../../src/core/digest.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { approveAt } from '../operator.ts'
import { CliError } from '../output.ts'
import { readJson, readText, type Profile } from '../profile.ts'

const standing = { id: z.string(), proposer: z.string(), proposal: z.int(), approval: z.int().nullable() }
const noticeView = z.object({
  ...standing,
  status: z.string(),
  notice: noticeSchema,
  text: z.string().nullable(),
})
export type NoticeView = z.infer<typeof noticeView>
const basisView = z.object({ ...standing, status: z.string(), basis: basisSchema })
export type BasisView = z.infer<typeof basisView>

/**
 * A file without `v` and `text_hash`, which follow from what is given.
 * @throws {CliError} `NOTICE_FILE_INVALID`
 */
export async function readNotice(
  path: string,
  textPath: string,
): Promise<{ readonly notice: Notice; readonly text: string }> {
  const text = await readText(textPath)
  const said = z.record(z.string(), z.json()).safeParse(await readJson(path))
  const whole = { v: 1, text_hash: sha256Text(nodeCrypto, text), ...(said.success ? said.data : {}) }
  const read = noticeSchema.safeParse(whole)
  if (read.success) return { notice: read.data, text }
  const at = read.error.issues.map((issue) => issue.path.join('.') || 'the whole').slice(0, 8)
  throw new CliError(
    'NOTICE_FILE_INVALID',
    `${path} is no notice at ${at.join(', ')}: see spec/consent.md, CNS-5`,
  )
}

/** @throws {CliError} `BASIS_FILE_INVALID` */
export async function readBasis(path: string): Promise<Basis> {
  const said = z.record(z.string(), z.json()).safeParse(await readJson(path))
  const read = basisSchema.safeParse({ v: 1, ...(said.success ? said.data : {}) })
  if (read.success) return read.data
  const at = read.error.issues.map((issue) => issue.path.join('.') || 'the whole').slice(0, 8)
  throw new CliError(
    'BASIS_FILE_INVALID',
    `${path} is no basis at ${at.join(', ')}: see spec/consent.md, CNS-6`,
  )
}

export async function proposeNotice(
  { client }: Profile,
  said: { readonly notice: Notice; readonly text: string },
): Promise<string> {
  return z.object({ notice: z.string() }).parse(await client.post('/v1/notices', said)).notice
}

export async function listNotices({ client }: Profile): Promise<NoticeView[]> {
  return z.object({ notices: z.array(noticeView) }).parse(await client.get('/v1/notices')).notices
}

/** Consents may name it from then on. */
export async function approveNotice(profile: Profile, id: string): Promise<void> {
  await approveAt(profile, `/v1/notices/${id}`, { act: 'notice.approve', notice: id })
}

/** It is in force from then on. */
export async function approveBasis(profile: Profile, id: string): Promise<void> {
  await approveAt(profile, `/v1/bases/${id}`, { act: 'basis.approve', basis: id })
}

export async function proposeBasis({ client }: Profile, basis: Basis): Promise<string> {
  return z.object({ basis: z.string() }).parse(await client.post('/v1/bases', basis)).basis
}

export async function listBases({ client }: Profile): Promise<BasisView[]> {
  return z.object({ bases: z.array(basisView) }).parse(await client.get('/v1/bases')).bases
}

const framesSchema = z.object({ frames: z.array(z.int()), acknowledged_at: z.int(), head: z.int() })
export type Ended = z.infer<typeof framesSchema>

export async function endBasis({ client }: Profile, id: string, reason: string): Promise<Ended> {
  return framesSchema.parse(await client.post(`/v1/bases/${encodeURIComponent(id)}/end`, { reason }))
}

export async function withdrawConsent(
  { client }: Profile,
  id: string,
  said: { readonly purposes: readonly string[] | null; readonly reason: string },
): Promise<Ended> {
  const body = { purposes: said.purposes === null ? null : [...said.purposes], reason: said.reason }
  return framesSchema.parse(await client.post(`/v1/consents/${encodeURIComponent(id)}/withdraw`, body))
}

export async function importConsent({ client }: Profile, given: JsonObject): Promise<string> {
  return z.object({ consent: z.string() }).parse(await client.post('/v1/consents', given)).consent
}

export async function exportConsent({ client }: Profile, id: string): Promise<ConsentExport> {
  return consentExportSchema.parse(await client.get(`/v1/consents/${encodeURIComponent(id)}/export`))
}

const cascadeSchema = z.object({
  entry: z.int(),
  consent: z.string().nullable(),
  subject: z.string(),
  purposes: z.array(z.string()).nullable(),
  time: z.string(),
  frames: z.array(
    z.object({
      seq: z.int(),
      handle: z.string(),
      committed: z.string(),
      points: z.object({
        of: z.int(),
        acknowledged: z.int(),
        missing: z.array(z.object({ point: z.string(), name: z.string(), head: z.int().nullable() })),
      }),
      heard: z.array(z.object({ point: z.string(), name: z.string(), at: z.string() })),
      listeners: z.array(z.object({ listener: z.string(), taken: z.string().nullable() })),
    }),
  ),
  delegations: z.array(z.string()),
})
export type Cascade = z.infer<typeof cascadeSchema>

/** @param id `cns_…` or `dsb_…` */
export async function readCascades({ client }: Profile, id: string): Promise<Cascade[]> {
  const of = id.startsWith('dsb_') ? 'data-subjects' : 'consents'
  const answer = await client.get(`/v1/${of}/${encodeURIComponent(id)}/cascades`)
  return z.object({ cascades: z.array(cascadeSchema) }).parse(answer).cascades
}

const subjectSchema = z.looseObject({
  subject: z.string(),
  jurisdiction: z.string(),
  consents: z.array(
    z.looseObject({
      id: z.string(),
      state: z.string(),
      asserted: z.boolean(),
      record: z.looseObject({ purposes: z.array(z.string()), expires: z.int() }),
    }),
  ),
  disclosures: z.array(
    z.looseObject({
      time: z.string(),
      server: z.string(),
      tool: z.string(),
      purpose: z.string().nullable(),
      basis: z.string().nullable(),
      reason: z.string().nullable(),
      n: z.int(),
    }),
  ),
})
export type SubjectView = z.infer<typeof subjectSchema>

export async function readSubject({ client }: Profile, id: string): Promise<SubjectView> {
  return subjectSchema.parse(await client.get(`/v1/data-subjects/${encodeURIComponent(id)}`))
}

export interface Identifier {
  readonly system: string | null
  readonly value: string
}

export async function addSubject(
  { client }: Profile,
  jurisdiction: string,
  identifiers: readonly Identifier[],
): Promise<string> {
  const body = { jurisdiction, identifiers: identifiers.map((each) => ({ ...each })) }
  return z.object({ subject: z.string() }).parse(await client.post('/v1/data-subjects', body)).subject
}

export async function findSubject({ client }: Profile, identifier: Identifier): Promise<string> {
  const answer = await client.post('/v1/data-subjects/find', { ...identifier })
  return z.object({ subject: z.string() }).parse(answer).subject
}

const requestSchema = z.object({
  id: z.string(),
  subject: z.string(),
  kind: z.string(),
  status: z.string(),
  opened: z.string(),
  due: z.string(),
  late: z.boolean(),
  outcome: z.string().nullable(),
  text: z.string().nullable(),
})

export async function listRequests({ client }: Profile): Promise<z.infer<typeof requestSchema>[]> {
  const answer = await client.get('/v1/subject-requests')
  return z.object({ requests: z.array(requestSchema) }).parse(answer).requests
}
