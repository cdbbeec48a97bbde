/**
 * A consent as ISO/IEC TS 27560 arranges its record: what other software of the field reads. spec/consent.md (CNS-31).
 * Pure. Not checked: that the record is one of a register; whoever gives it out says so.
 * @module
 */
import { z } from 'zod'
import { consentRecordSchema, noticeSchema, type ConsentRecord, type Notice } from './consent.ts'
import { DPV, isSpecial, TERM_LENGTH_MAX } from './dpv.ts'
import { rfc3339 } from './time.ts'

const term = z.string().max(TERM_LENGTH_MAX)
const words = z.string().max(512)
const time = z.iso.datetime()

export const consentExportSchema = z.strictObject({
  schema_version: z.literal('ISO/IEC TS 27560:2023'),
  record_id: z.string().max(64),
  pii_principal_id: z.string().max(64),
  pii_processing: z.strictObject({
    privacy_notice: z.strictObject({
      id: z.string().max(64),
      name: words,
      version: words,
      /** base64url SHA-256 of its text. */
      text_hash: words,
    }),
    language: noticeSchema.shape.language,
    purposes: z
      .array(
        z.strictObject({
          purpose: term,
          lawful_basis: term,
          pii_information: z
            .array(
              z.strictObject({
                pii_type: term,
                special_pii_category: z.boolean(),
                pii_optional: z.literal(false),
              }),
            )
            .min(1),
          pii_controllers: z.array(words).min(1),
          recipient_third_parties: z.array(words),
          /** ISO 8601 duration; null: as long as the consent. */
          retention_period: words.nullable(),
          jurisdiction: consentRecordSchema.shape.jurisdiction,
          withdrawal_method: words,
        }),
      )
      .min(1),
  }),
  party_identification: z
    .array(
      z.strictObject({
        party_id: words,
        party_name: words,
        party_contact: words.nullable(),
        party_role: z.enum(['controller', 'consent_manager', 'proxy']),
      }),
    )
    .min(1),
  events: z
    .array(
      z.strictObject({
        event_time: time,
        event_type: z.enum(['explicit', 'expressed', 'withdrawal', 'expiry']),
        event_state: z.enum(['given', 'withdrawn', 'expired']),
        entity_id: z.string().max(64),
        /** Until when, of what was given. */
        valid_until: time.exactOptional(),
        /** What was withdrawn; absent: all of it. */
        purposes: z.array(term).min(1).exactOptional(),
      }),
    )
    .min(1),
})
export type ConsentExport = z.infer<typeof consentExportSchema>

export interface Exported {
  readonly record: ConsentRecord
  readonly notice: Notice
  readonly manager: string | null
  /** In the order of the log. Milliseconds. */
  readonly withdrawals: readonly { readonly time_ms: number; readonly purposes: readonly string[] | null }[]
  readonly now_ms: number
  /** Where and how the subject withdraws. */
  readonly withdrawal: string
}

export function exportConsent(exported: Exported): ConsentExport {
  const { record, notice, manager, withdrawal } = exported
  return {
    schema_version: 'ISO/IEC TS 27560:2023',
    record_id: record.consent,
    pii_principal_id: record.subject,
    pii_processing: {
      privacy_notice: {
        id: record.notice,
        name: notice.name,
        version: notice.version,
        text_hash: notice.text_hash,
      },
      language: record.language,
      purposes: record.purposes.map((purpose) => ({
        purpose,
        lawful_basis: `${DPV}${record.explicit === undefined ? 'Consent' : 'ExplicitlyExpressedConsent'}`,
        pii_information: record.categories.map((category) => ({
          pii_type: category,
          special_pii_category: isSpecial(category),
          pii_optional: false as const,
        })),
        pii_controllers: [notice.controller],
        recipient_third_parties: notice.recipients ?? [],
        retention_period: notice.retention_days === undefined ? null : `P${notice.retention_days}D`,
        jurisdiction: record.jurisdiction,
        withdrawal_method: withdrawal,
      })),
    },
    party_identification: partiesOf(exported, manager),
    events: eventsOf(exported),
  }
}

function partiesOf(
  { notice, record }: Exported,
  manager: string | null,
): ConsentExport['party_identification'] {
  const { controller, contact } = notice
  const own = { party_id: controller, party_name: controller, party_contact: contact }
  const other = (party_id: string, party_role: 'consent_manager' | 'proxy'): (typeof all)[number] => ({
    party_id,
    party_name: party_id,
    party_contact: null,
    party_role,
  })
  const all: ConsentExport['party_identification'] = [{ ...own, party_role: 'controller' }]
  if (manager !== null) all.push(other(manager, 'consent_manager'))
  if (record.proxy !== undefined) all.push(other(record.proxy.relation, 'proxy'))
  return all
}

function eventsOf({ record, withdrawals, now_ms }: Exported): ConsentExport['events'] {
  const { subject: entity_id, given_at, expires } = record
  const isWhole = withdrawals.some(({ purposes }) => purposes === null)
  const given = {
    event_time: rfc3339(given_at * 1000),
    event_type: record.explicit === undefined ? ('expressed' as const) : ('explicit' as const),
    event_state: 'given' as const,
    entity_id,
    valid_until: rfc3339(expires * 1000),
  }
  const taken = withdrawals.map(({ time_ms, purposes }) => ({
    event_time: rfc3339(time_ms),
    event_type: 'withdrawal' as const,
    event_state: 'withdrawn' as const,
    entity_id,
    ...(purposes === null ? {} : { purposes: [...purposes] }),
  }))
  const over = { event_time: rfc3339(expires * 1000), entity_id }
  const isOver = !isWhole && expires * 1000 <= now_ms
  const end = { ...over, event_type: 'expiry' as const, event_state: 'expired' as const }
  return [given, ...taken, ...(isOver ? [end] : [])]
}
