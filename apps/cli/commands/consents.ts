/** `countersign consent …`: consents imported, withdrawn, exported, and what a withdrawal reached. spec/consent.md. @module */
import type { Command } from 'commander'
import { z } from 'zod'
import { consentProofSchema, consentRecordSchema } from '../../../src/core/consent.ts'
import { categoryTerms, DPV, purposeTerms, termName } from '../../../src/core/dpv.ts'
import { exportConsent, importConsent, readCascades, withdrawConsent, type Cascade } from '../consent/acts.ts'
import { CliError, listing, result, say } from '../output.ts'
import { readJson } from '../profile.ts'
import { consentManagerCommands } from './consent-managers.ts'
import { collect, profileOf, reasonCode, wantsJson } from './globals.ts'

const importSchema = z.strictObject({ record: consentRecordSchema, proof: consentProofSchema })

export function consentCommands(program: Command): void {
  const consent = program.command('consent').description('what data subjects agreed to, and took back')
  consent
    .command('import')
    .description('take a consent over from another system: it is reported as asserted')
    .argument('<file>', 'JSON {record, proof} (spec/consent.md, CNS-12 and CNS-13)')
    .action(async (file: string, _: unknown, command: Command) => {
      const read = importSchema.safeParse(await readJson(file))
      if (!read.success) {
        const at = read.error.issues.map((issue) => issue.path.join('.') || 'the whole').slice(0, 8)
        throw new CliError(
          'CONSENT_FILE_INVALID',
          `${file} is no consent at ${at.join(', ')}: see spec/consent.md`,
        )
      }
      const id = await importConsent(await profileOf(command), read.data)
      result(wantsJson(command), { consent: id }, () => `${id} is given, as you say`)
    })
  consent
    .command('withdraw')
    .description('withdraw a consent: every point denies within the revocation bound')
    .argument('<consent>', 'cns_…')
    .option('--purpose <term>', 'only this purpose, such as DirectMarketing; may be repeated', collect)
    .option('--reason <code>', 'why, as a code', reasonCode, 'withdrawn')
    .action(async (id: string, options: { purpose?: string[]; reason: string }, command: Command) => {
      const purposes = options.purpose?.map((term) => (term.includes(':') ? term : DPV + term)) ?? null
      const ended = await withdrawConsent(await profileOf(command), id, { purposes, reason: options.reason })
      result(
        wantsJson(command),
        { consent: id, ...ended },
        () =>
          `${id} is withdrawn by ${ended.frames.length} frame(s): countersign consent cascade ${id} says whom it reached`,
      )
    })
  consent
    .command('cascade')
    .description('what each withdrawal reached, and when')
    .argument('<id>', 'cns_…, or dsb_… for all of a data subject')
    .action(async (id: string, _: unknown, command: Command) => {
      const cascades = await readCascades(await profileOf(command), id)
      result(wantsJson(command), cascades, () =>
        cascades.length === 0 ? 'nothing was withdrawn' : cascades.map(cascadeText).join('\n\n'),
      )
    })
  consent
    .command('export')
    .description('a consent as ISO/IEC TS 27560 arranges its record, as JSON')
    .argument('<consent>', 'cns_…')
    .action(async (id: string, _: unknown, command: Command) => {
      say(JSON.stringify(await exportConsent(await profileOf(command), id), null, wantsJson(command) ? 0 : 2))
    })
  consent
    .command('terms')
    .description('purposes and categories of personal data that may be named (DPV 2.3)')
    .action((_: unknown, command: Command) => {
      const [purposes, categories] = [purposeTerms(), categoryTerms()]
      result(wantsJson(command), { purposes, categories }, () =>
        [
          'purposes',
          ...purposes.map((term) => `  ${termName(term)}`),
          'categories',
          ...categories.map((term) => `  ${termName(term)}`),
        ].join('\n'),
      )
    })
  consentManagerCommands(consent)
}

function cascadeText({ consent, subject, purposes, time, frames, delegations }: Cascade): string {
  const what = consent ?? `an objection of ${subject}`
  const of = purposes === null ? 'as a whole' : `for ${purposes.map(termName).join(', ')}`
  const rows = frames.map(({ seq, committed, points, listeners }) => [
    String(seq),
    committed,
    `${points.acknowledged} of ${points.of}`,
    points.missing.map(({ name }) => name).join(', '),
    `${listeners.filter(({ taken }) => taken !== null).length} of ${listeners.length}`,
  ])
  return [
    `${what}, ${of}, at ${time}`,
    listing(['frame', 'committed', 'points', 'not yet', 'listeners'], rows, ''),
    delegations.length === 0 ? 'no delegation stood on it' : `revoked with it: ${delegations.join(', ')}`,
  ].join('\n')
}
