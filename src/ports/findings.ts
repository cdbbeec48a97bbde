/**
 * Software of others that keeps findings: compliance platforms and trackers of tickets. spec/connectors.md (CNX-1 to CNX-9).
 * Every implementation passes test/contract/findings.ts against a server written from its vendor's published
 * documentation. None was tried against the service itself.
 * @module
 */
import { CountersignError } from '../core/errors.ts'

export const FINDINGS_SERVICES = ['drata', 'github', 'jira', 'linear', 'probo', 'vanta'] as const
export type FindingsServiceName = (typeof FINDINGS_SERVICES)[number]

/** `control`: what its tests came to. `finding`: deviations of one code. `pack`: the pack itself. */
export type FindingKind = 'control' | 'finding' | 'pack'

/** What is told of one thing. Codes, counts, indices of entries and digests: nothing personal (CNX-3). */
export interface Finding {
  /** The same at each push of the same thing: by it a service knows it again. `csn-` and 32 hex digits. */
  readonly id: string
  readonly kind: FindingKind
  readonly title: string
  /** Lines of plain text. */
  readonly lines: readonly string[]
  /** Where people find the pack; null: nobody said. */
  readonly url: string | null
  /** The same members for every kind, as platforms want a schema: text, integers below 2^31, booleans. */
  readonly properties: Readonly<Record<string, string | number | boolean>>
}

/** What a service took. */
export interface Pushed {
  readonly sent: number
  /** Null: the service does not say which it knew. */
  readonly created: number | null
  readonly updated: number | null
}

/** Kinds that a service has a place for; it is given no other. */
export interface FindingsService {
  readonly takes: ReadonlySet<FindingKind>
  /**
   * Idempotent: what is there under the same identifier is brought up to date, not added. What a push broke off, the next
   * one completes. Follows no redirect; asks again when it is told to wait or the service fails, a few times.
   * @throws {FindingsError} and nothing else
   */
  push(findings: readonly Finding[], signal: AbortSignal): Promise<Pushed>
}

/** `FINDINGS_BUSY`: it asked to wait, or failed, until we gave up. No message holds what a service answered, or a secret. */
export type FindingsErrorCode =
  | 'FINDINGS_ANSWER_INVALID'
  | 'FINDINGS_BUSY'
  | 'FINDINGS_INSECURE'
  | 'FINDINGS_REFUSED'
  | 'FINDINGS_SETTINGS_INVALID'
  | 'FINDINGS_UNAUTHORIZED'
  | 'FINDINGS_UNREACHABLE'

export class FindingsError extends CountersignError<FindingsErrorCode> {}
