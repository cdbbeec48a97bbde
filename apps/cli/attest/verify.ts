/** `countersign attest verify`: a file or commits, by keys that were brought or asked for. spec/carriers.md (CAR-4, CAR-7, CAR-13). @module */
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import type { Role } from '../../../src/core/output.ts'
import {
  ATTESTATION_MISSING,
  COMMIT_TOO_LARGE,
  judgeCommit,
  type CarrierAnswer,
  type Refused,
  type Trust,
} from '../../../src/provenance/carriers/commit.ts'
import { NOTES_REF } from '../../../src/provenance/carriers/push.ts'
import { COMMIT_BYTES_MAX } from '../../../src/provenance/carriers/trailer.ts'
import { BUNDLE_BYTES_MAX } from '../../../src/provenance/statement.ts'
import {
  verifyAttestation,
  type AttestationAnswer,
  type GoodAttestation,
} from '../../../src/provenance/verify.ts'
import { withNextStep } from '../next-step.ts'
import { CliError } from '../output.ts'
import { loadProfile } from '../profile.ts'
import type { Git } from './git.ts'
import { askIssuer, pinnedIssuer, type Issuer } from './issuer.ts'
import { candidatesFor, judgeFile, newHash } from './output-file.ts'

/** Of a range: a whole history is for a machine of its own. */
const COMMITS_MAX = 10_000

export interface VerifyOptions {
  readonly attestation?: string
  readonly key?: readonly string[]
  readonly issuer?: string
  readonly role: Role
  readonly independent?: boolean
  /** Folder of a profile: its control plane is asked where neither key nor issuer is given. */
  readonly profile?: string
}

export type Verified =
  | {
      readonly ok: true
      readonly role: Role
      readonly human: string
      readonly chain: string | null
      readonly independent: boolean
      /** As it was disclosed. */
      readonly name?: string
      /** Where the issuer was asked. */
      readonly state?: 'valid'
    }
  | { readonly ok: false; readonly error: { readonly code: Refused; readonly message: string } }

/** @throws {CliError} `FILE_UNREADABLE`, `ISSUER_UNREACHABLE`, `NO_PROFILE` */
export async function verifyOutput(file: string, options: VerifyOptions): Promise<Verified> {
  const found = await candidatesFor(file, options.attestation)
  if (found.length === 0) return said(ATTESTATION_MISSING)
  const issuer = await issuerOf(options)
  return since(issuer, await judgeFile(file, found, trustOf(issuer, options)))
}

/** @param revision one commit, or a range */
export async function verifyCommits(
  git: Git,
  revision: string,
  options: VerifyOptions,
): Promise<readonly (Verified & { readonly commit: string })[]> {
  const issuer = await issuerOf(options)
  const trust = trustOf(issuer, options)
  const notesAt = git.refs().get(NOTES_REF)
  const notes = notesAt === undefined ? new Map<string, string>() : git.notesOf(notesAt)
  const answers: (Verified & { commit: string })[] = []
  for (const [commit, raw] of git.read(commitsOf(git, revision), COMMIT_BYTES_MAX)) {
    const blob = notes.get(commit)
    const [read] = blob === undefined ? [] : git.read([blob], BUNDLE_BYTES_MAX)
    const answer =
      raw === null
        ? COMMIT_TOO_LARGE
        : judgeCommit(nodeCrypto, newHash, { raw, note: read?.[1] ?? null }, trust)
    answers.push({ ...(await since(issuer, answer)), commit })
  }
  return answers
}

function commitsOf(git: Git, revision: string): readonly string[] {
  if (!revision.includes('..')) return [git.resolve(revision)]
  const [from = '', to = ''] = revision.split('..')
  const commits = git.gained([git.resolve(to === '' ? 'HEAD' : to)], [git.resolve(from)], COMMITS_MAX + 1)
  if (commits.length > COMMITS_MAX)
    throw new CliError('ARGUMENT_INVALID', `over ${COMMITS_MAX} commits: give a shorter range`)
  return commits
}

async function issuerOf({ key: kids = [], issuer, profile }: VerifyOptions): Promise<Issuer> {
  if (issuer !== undefined) return askIssuer(issuer, kids)
  if (kids.length > 0) return pinnedIssuer(kids)
  const { url } = await loadProfile(profile).catch((cause: unknown) => {
    throw new CliError(
      'NO_PROFILE',
      'whose key is to be trusted? Give --key with the thumbprint of the issuer’s key, or --issuer with its address',
      { cause },
    )
  })
  return askIssuer(url, [])
}

function trustOf(issuer: Issuer, { role, independent = false }: VerifyOptions): Trust {
  return { keysFor: (bundle) => issuer.keysFor(bundle), wanted: { role, independent } }
}

/** CAR-13. */
async function since(issuer: Issuer, answer: CarrierAnswer): Promise<Verified> {
  if (!answer.ok || issuer.knownOf === null) return said(answer)
  const { bundle, statement } = answer
  const known = await issuer.knownOf(statement.predicate.id)
  const again = verifyAttestation(nodeCrypto, { bundle, keys: issuer.keysFor(bundle), given: null, known })
  return again.ok ? { ...good(answer), state: 'valid' } : said(again)
}

function said(answer: CarrierAnswer | AttestationAnswer): Verified {
  if (answer.ok) return good(answer)
  const { code, message } = answer
  return { ok: false, error: { code, message: withNextStep(code, message) } }
}

function good({ role, human, chain, independent, name }: GoodAttestation): Extract<Verified, { ok: true }> {
  return { ok: true, role, human, chain, independent, ...(name === null ? {} : { name }) }
}
