/** `countersign access-review …`: who may do what, decided on by who does not own it. spec/reviews.md. @module */
import { Argument, type Command } from 'commander'
import { rfc3339 } from '../../../src/core/time.ts'
import { ITEM_DECISIONS } from '../../../src/log/governance-bodies.ts'
import {
  actOnAccess,
  assignAccess,
  closeAccessReview,
  decideAccess,
  listAccessReviews,
  openAccessReview,
  showAccessReview,
} from '../access-reviews.ts'
import { CliError, listing, result } from '../output.ts'
import { profileOf, wantsJson, whole, wholes } from './globals.ts'

const ID = 'acr_…'

export function accessReviewCommands(program: Command): void {
  const review = program
    .command('access-review')
    .description('reviews of access: a frozen list, decided item by item, acted on')
  readCommands(review)
  assignCommand(review)
  decideCommand(review)
  actCommand(review)
  closeCommand(review)
}

function readCommands(review: Command): void {
  review
    .command('list')
    .description('reviews, the latest first')
    .action(async (_: unknown, command: Command) => {
      const reviews = await listAccessReviews(await profileOf(command))
      result(wantsJson(command), { reviews }, () =>
        listing(
          ['review', 'period', 'of', 'items', 'opened', 'closed'],
          reviews.map(({ id, period, list, items_n, opened, closed }) => [
            id,
            period,
            list,
            String(items_n),
            rfc3339(opened),
            closed === null ? '-' : rfc3339(closed),
          ]),
          'no review of access did occur; open one with "countersign access-review open"',
        ),
      )
    })
  review
    .command('open')
    .description('freeze the list of every agent, delegation, person and point, and begin')
    .argument('<quarter>', 'such as 2026-Q3')
    .action(async (period: string, _: unknown, command: Command) => {
      const opened = await openAccessReview(await profileOf(command), period)
      result(
        wantsJson(command),
        opened,
        () =>
          `${opened.review} is open: ${opened.items_n} items\nnext: countersign access-review show ${opened.review}`,
      )
    })
  review
    .command('show')
    .description('its items, and what was decided')
    .argument('<review>', ID)
    .action(async (id: string, _: unknown, command: Command) => {
      const found = await showAccessReview(await profileOf(command), id)
      result(wantsJson(command), found, () =>
        listing(
          ['item', 'kind', 'target', 'owner', 'may', 'reviewer', 'decision', 'done'],
          found.items.map(({ n, kind, target, owner, may, reviewer, decision, acted }) => [
            String(n),
            kind,
            target,
            owner ?? '-',
            may.join('; '),
            reviewer ?? '-',
            decision ?? '-',
            acted === null ? '-' : `entry ${acted}`,
          ]),
          'no items',
        ),
      )
    })
}

function assignCommand(review: Command): void {
  review
    .command('assign')
    .description('say who decides on items, or on all that a person owns')
    .argument('<review>', ID)
    .argument('<reviewer>', 'per_…')
    .option('--item <n>', 'by its number (repeat)', wholes)
    .option('--owner <person>', 'all that is theirs')
    .action(
      async (
        id: string,
        reviewer: string,
        options: { item?: number[]; owner?: string },
        command: Command,
      ) => {
        const { item, owner } = options
        if ((item === undefined) === (owner === undefined))
          throw new CliError('ARGUMENT_INVALID', 'say which: --item or --owner, and not both')
        const share = owner === undefined ? { items: item ?? [] } : { owner }
        const items_n = await assignAccess(await profileOf(command), id, { reviewer, ...share })
        result(
          wantsJson(command),
          { review: id, reviewer, items_n },
          () => `${reviewer} decides on ${items_n} items`,
        )
      },
    )
}

function decideCommand(review: Command): void {
  review
    .command('decide')
    .description('decide on an item; not by who owns it')
    .argument('<review>', ID)
    .argument('<item>', 'its number', whole)
    .addArgument(new Argument('<decision>').choices([...ITEM_DECISIONS]))
    .action(async (id: string, item: number, decision: string, _: unknown, command: Command) => {
      await decideAccess(await profileOf(command), id, item, decision)
      result(wantsJson(command), { review: id, item, decision }, () => `item ${item}: ${decision}`)
    })
}

function actCommand(review: Command): void {
  review
    .command('act')
    .description('revoke what was decided to be revoked, or name the entries that changed it')
    .argument('<review>', ID)
    .argument('<item>', 'its number', whole)
    .option('--entry <index>', 'that changed it (repeat)', wholes)
    .action(async (id: string, item: number, options: { entry?: number[] }, command: Command) => {
      const frames = await actOnAccess(await profileOf(command), id, item, options.entry ?? [])
      result(wantsJson(command), { review: id, item, frames }, () => `item ${item} is done`)
    })
}

function closeCommand(review: Command): void {
  review
    .command('close')
    .description('close it with your authenticator, once all is decided and done; not by who opened it')
    .argument('<review>', ID)
    .action(async (id: string, _: unknown, command: Command) => {
      await closeAccessReview(await profileOf(command), id)
      result(wantsJson(command), { review: id, status: 'closed' }, () => `${id} is closed`)
    })
}
