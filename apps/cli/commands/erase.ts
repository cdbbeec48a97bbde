/** `countersign erase`, `erasure list`, `hold …`, `open`: what must be forgotten, kept or shown. spec/erasure.md. @module */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { z } from 'zod'
import { openedFieldSchema } from '../../../src/log/commitment.ts'
import { ERASURE_BASES } from '../../../src/log/erasure-bodies.ts'
import { gestureOver } from '../operator.ts'
import { listing, result } from '../output.ts'
import { profileOf, wantsJson } from './globals.ts'

const erasedSchema = z.object({
  state: z.enum(['erased', 'deferred']),
  entry: z.int(),
  fields_n: z.int(),
  holds: z.array(z.string()),
  packs: z.array(
    z.object({
      entry: z.int(),
      person: z.string(),
      from: z.string(),
      to: z.string(),
      size: z.int(),
      sha256: z.string(),
    }),
  ),
  acted_alone: z.boolean(),
})

export function eraseCommands(program: Command): void {
  program
    .command('erase')
    .description(
      'erase what is kept of a person or another subject, with your gesture; the log stays provable',
    )
    .argument('<subject>', 'per_…, dlg_…, pnt_… or the ID of a root of another issuer')
    .addOption(new Option('--basis <basis>', 'why').choices([...ERASURE_BASES]).default('request'))
    .action(async (subject: string, options: { basis: string }, command: Command) => {
      const profile = await profileOf(command)
      const { basis } = options
      const asked = { act: 'subject.erase', subject, basis, approver: profile.person }
      const path = `/v1/subjects/${encodeURIComponent(subject)}`
      const answer = await gestureOver(profile, asked, `${path}/erasure?basis=${basis}`, `${path}/erase`, {
        basis,
      })
      const erased = erasedSchema.parse(answer)
      result(wantsJson(command), { subject, ...erased }, () => described(subject, erased))
    })

  const erasure = program.command('erasure').description('erasures')
  const list = erasure.command('list').description('erasures that were asked for, newest first')
  list.action(async (_: unknown, command: Command) => {
    const { client } = await profileOf(command)
    const row = z.looseObject({
      subject: z.string(),
      state: z.string(),
      basis: z.string(),
      requested: z.string(),
      packs: z.array(z.int()),
    })
    const { erasures } = z.object({ erasures: z.array(row) }).parse(await client.get('/v1/erasures'))
    result(wantsJson(command), erasures, () =>
      listing(
        ['subject', 'state', 'basis', 'requested', 'packs'],
        erasures.map(({ subject, state, basis, requested, packs }) => [
          subject,
          state,
          basis,
          requested,
          packs.length === 0 ? '' : `of entries ${packs.join(', ')}`,
        ]),
        'no erasure was asked for: "countersign erase SUBJECT" does',
      ),
    )
  })
  holdCommands(program)
  openCommand(program)
  noteCommand(program)
}

function described(subject: string, erased: z.infer<typeof erasedSchema>): string {
  const { state, entry, fields_n, holds, packs } = erased
  return [
    state === 'erased'
      ? `${subject} is erased: ${fields_n} values; entry ${entry}`
      : `${subject} is kept for ${holds.join(', ')}: erased when that is lifted; entry ${entry}`,
    ...(packs.length === 0 ? ['No pack that was handed out has entries about it.'] : []),
    ...packs.map(
      ({ entry: at, person, from, to, sha256 }) =>
        `  pack of entry ${at} by ${person}, ${from} to ${to}, has entries about it: ${sha256}`,
    ),
  ].join('\n')
}

function holdCommands(program: Command): void {
  const hold = program
    .command('hold')
    .description('legal holds: what is kept although its erasure is asked for')
  hold
    .command('place')
    .description('place a hold')
    .argument('<subject>', 'per_…, dlg_…, or * for everything')
    .requiredOption('--reason <text>', 'why; kept outside the log')
    .action(async (target: string, { reason }: { reason: string }, command: Command) => {
      const { client } = await profileOf(command)
      const answer = await client.post('/v1/holds', { target, reason })
      const placed = z.object({ hold: z.string(), entry: z.int() }).parse(answer)
      result(wantsJson(command), placed, () => `${placed.hold} holds ${target}; entry ${placed.entry}`)
    })
  hold
    .command('lift')
    .description('lift a hold with your gesture; what it alone deferred is erased')
    .argument('<hold>', 'hld_…')
    .action(async (id: string, _: unknown, command: Command) => {
      const profile = await profileOf(command)
      const asked = { act: 'hold.lift', hold: id, approver: profile.person }
      const path = `/v1/holds/${encodeURIComponent(id)}`
      const answer = await gestureOver(profile, asked, `${path}/lifting`, `${path}/lift`)
      const lifted = z.object({ entry: z.int(), erased: z.array(z.string()) }).parse(answer)
      const after = lifted.erased.length === 0 ? '' : `; erased: ${lifted.erased.join(', ')}`
      result(wantsJson(command), lifted, () => `${id} is lifted; entry ${lifted.entry}${after}`)
    })
  const list = hold.command('list').description('holds, open and lifted')
  list.action(async (_: unknown, command: Command) => {
    const { client } = await profileOf(command)
    const row = z.looseObject({
      id: z.string(),
      target: z.string(),
      reason: z.string().nullable(),
      lifted: z.int().nullable(),
    })
    const { holds } = z.object({ holds: z.array(row) }).parse(await client.get('/v1/holds'))
    result(wantsJson(command), holds, () =>
      listing(
        ['hold', 'of', 'status', 'reason'],
        holds.map(({ id, target, reason, lifted }) => [
          id,
          target,
          lifted === null ? 'open' : 'lifted',
          reason ?? '(erased)',
        ]),
        'no holds: "countersign hold place SUBJECT --reason TEXT" makes one',
      ),
    )
  })
}

function openCommand(program: Command): void {
  program
    .command('open')
    .description('open one field of one entry for an auditor; that you did is logged')
    .argument('<entry>', 'index of the entry', entryIndex)
    .argument('<field>', 'name, args, instruction, sub, reason, …')
    .action(async (entry: number, field: string, _: unknown, command: Command) => {
      const { client } = await profileOf(command)
      const opened = openedFieldSchema.parse(await client.post('/v1/openings', { entry, field }))
      // The same with and without --json: it is a file for the auditor.
      result(wantsJson(command), opened, () => JSON.stringify(opened, null, 2))
    })
}

function noteCommand(program: Command): void {
  program
    .command('note')
    .description('say in words what an entry has a code for: kept outside the log, erasable, committed to')
    .argument('<entry>', 'index of the entry', entryIndex)
    .argument('<text>', 'up to 2,048 characters')
    .action(async (about: number, text: string, _: unknown, command: Command) => {
      const { client } = await profileOf(command)
      const noted = z.object({ entry: z.int() }).parse(await client.post('/v1/notes', { entry: about, text }))
      result(wantsJson(command), noted, () => `noted: entry ${noted.entry}`)
    })
}

function entryIndex(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('not the index of an entry')
  return Number(text)
}
