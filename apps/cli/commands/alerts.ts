/** `countersign alert …`: what should not be, taken, closed and exported. spec/alerts.md. @module */
import { Option, type Command } from 'commander'
import { z } from 'zod'
import {
  alertPolicySchema,
  ALERT_RULES,
  DISPOSITIONS,
  PACKAGED_ALERT_POLICY,
  TRIAGES,
} from '../../../src/core/alert.ts'
import { rfc3339 } from '../../../src/core/time.ts'
import { cefOf } from '../../../src/respond/export/cef.ts'
import { detectionFinding } from '../../../src/respond/export/ocsf.ts'
import {
  alertPolicies,
  approveAlertPolicy,
  everyAlert,
  listAlerts,
  listDeliveries,
  proposeAlertPolicy,
  redeliver,
  showAlert,
  type ShownAlert,
} from '../alerts/acts.ts'
import { CliError, listing, result, say } from '../output.ts'
import { readJson } from '../profile.ts'
import { approveCommand } from './approve.ts'
import { profileOf, wantsJson } from './globals.ts'

interface ListOptions {
  readonly status?: string
  readonly canaries?: boolean
}

const STATUS = new Option('--status <status>', 'of these only').choices(['open', 'acknowledged', 'closed'])

export function alertCommands(program: Command): void {
  const alert = program.command('alert').description('what should not be')
  const list = alert.command('list').description('alerts, the newest first')
  list.addOption(STATUS).option('--canaries', 'also tests of detectors')
  list.action(async (options: ListOptions, command: Command) => {
    const alerts = await listAlerts(await profileOf(command), options)
    result(wantsJson(command), alerts, () =>
      listing(
        ['alert', 'severity', 'rule', 'about', 'times', 'first', 'state'],
        alerts.map((one) => [
          one.id,
          one.severity,
          one.rule,
          one.subject ?? '',
          String(one.count),
          rfc3339(one.first),
          stateOf(one),
        ]),
        'no alert',
      ),
    )
  })
  alert
    .command('show')
    .description('one alert, with what it is about')
    .argument('<alert>', 'alt_…')
    .action(async (id: string, _: unknown, command: Command) => {
      const one = await showAlert(await profileOf(command), id)
      result(wantsJson(command), one, () => textOf(one))
    })
  triageCommands(alert)
  exportCommand(alert)
  deliveryCommands(alert)
  policyCommands(alert)
}

function stateOf(one: ShownAlert): string {
  if (one.status === 'closed') return `closed: ${one.disposition}`
  return one.status === 'acknowledged' ? `taken: ${one.triage}` : `take it until ${rfc3339(one.triage_until)}`
}

function textOf(one: ShownAlert): string {
  return [
    `${one.id} [${one.severity}] ${one.rule}${one.subject === null ? '' : ` of ${one.subject}`}`,
    ALERT_RULES[one.rule][1],
    `raised ${one.count === 1 ? 'once' : `${one.count} times`}, first ${rfc3339(one.first)}, last ${rfc3339(one.last)}`,
    stateOf(one),
    ...(one.taker === null ? [] : [`taken by ${one.taker} at ${rfc3339(one.acknowledged ?? 0)}`]),
    ...Object.entries(one.detail).map(([name, value]) => `  ${name}: ${value}`),
    ...(one.entries.length === 0
      ? []
      : [`entries of the log: ${one.entries.join(', ')} (countersign log entry)`]),
  ].join('\n')
}

function triageCommands(alert: Command): void {
  alert
    .command('ack')
    .description('take an open alert, and say what it looks like')
    .argument('<alert>', 'alt_…')
    .addOption(new Option('--triage <triage>', 'what it looks like').choices([...TRIAGES]).default('unclear'))
    .action(async (id: string, { triage }: { triage: string }, command: Command) => {
      await (await profileOf(command)).client.post(`/v1/alerts/${id}/acknowledge`, { triage })
      result(wantsJson(command), { alert: id, status: 'acknowledged', triage }, () => `${id} is yours`)
    })
  const why = DISPOSITIONS.filter((one) => one !== 'canary')
  alert
    .command('close')
    .description('be done with an alert, and say why')
    .argument('<alert>', 'alt_…')
    .addOption(new Option('--as <disposition>', 'why').choices(why).makeOptionMandatory())
    .action(async (id: string, { as }: { as: string }, command: Command) => {
      await (await profileOf(command)).client.post(`/v1/alerts/${id}/close`, { disposition: as })
      result(wantsJson(command), { alert: id, status: 'closed', disposition: as }, () => `${id} is closed`)
    })
}

interface ExportOptions extends ListOptions {
  readonly format: 'ocsf' | 'cef'
}

/** Of an alert as it stands: what happened to it last. */
function exported(one: ShownAlert, iss: string, format: ExportOptions['format']): string {
  const time_ms = one.closed ?? one.acknowledged ?? one.last
  const event = one.status === 'open' ? 'raised' : one.status
  const about = { event, alert: one, iss, time_ms } as const
  return format === 'cef' ? cefOf(about) : JSON.stringify(detectionFinding(about))
}

function exportCommand(alert: Command): void {
  alert
    .command('export')
    .description('every alert, a line each, for other software')
    .addOption(
      new Option('--format <format>', 'OCSF 1.9 or CEF').choices(['ocsf', 'cef']).makeOptionMandatory(),
    )
    .addOption(STATUS)
    .option('--canaries', 'also tests of detectors')
    .action(async (options: ExportOptions, command: Command) => {
      const profile = await profileOf(command)
      const { issuer } = z.object({ issuer: z.string() }).parse(await profile.client.get('/v1/info'))
      for await (const one of everyAlert(profile, options)) say(exported(one, issuer, options.format))
    })
}

function deliveryCommands(alert: Command): void {
  alert
    .command('deliveries')
    .description('what channels were told, and what waits')
    .addOption(new Option('--state <state>', 'of these only').choices(['waiting', 'taken', 'dead']))
    .option('--channel <channel>', 'chn_…')
    .action(async (options: { state?: string; channel?: string }, command: Command) => {
      const rows = await listDeliveries(await profileOf(command), options)
      result(wantsJson(command), rows, () =>
        listing(
          ['alert', 'event', 'channel', 'state', 'tries', 'last', 'delivery'],
          rows.map(({ id, alert: of, event, channel, state, attempts, changed, why }) => [
            of,
            event,
            channel,
            why === null ? state : `${state}: ${why}`,
            String(attempts),
            rfc3339(changed),
            id,
          ]),
          'nothing was told: see "countersign channel list"',
        ),
      )
    })
  alert
    .command('redeliver')
    .description('tell again: one delivery, or all that were given up of a channel')
    .argument('[delivery]', 'as "countersign alert deliveries" names it')
    .option('--channel <channel>', 'chn_…')
    .action(async (notice: string | undefined, { channel }: { channel?: string }, command: Command) => {
      if ((notice === undefined) === (channel === undefined))
        throw new CliError('ARGUMENT_INVALID', 'give a delivery, or --channel CHANNEL')
      const what = notice === undefined ? { channel: channel ?? '' } : { notice }
      const deliveries = await redeliver(await profileOf(command), what)
      result(wantsJson(command), { deliveries }, () => `${deliveries} told again`)
    })
}

function policyCommands(alert: Command): void {
  const policy = alert.command('policy').description('how severe each rule is, who hears of it, how soon')
  policy
    .command('show')
    .description('the alert policy in force')
    .option('--packaged', 'the one that is in force until another is approved: a beginning for your own')
    .action(async ({ packaged }: { packaged?: boolean }, command: Command) => {
      const shown =
        packaged === true
          ? PACKAGED_ALERT_POLICY
          : (await alertPolicies(await profileOf(command))).in_force.policy
      result(wantsJson(command), shown, () => JSON.stringify(shown, null, 2))
    })
  policy
    .command('propose')
    .description('propose an alert policy, which someone else approves')
    .argument('<file>', 'JSON file, as "countersign alert policy show" prints one')
    .action(async (file: string, _: unknown, command: Command) => {
      const read = alertPolicySchema.safeParse(await readJson(file))
      if (!read.success)
        throw new CliError(
          'ARGUMENT_INVALID',
          `${file} is no alert policy at ${read.error.issues.map(({ path }) => path.join('.')).join(', ')}: see spec/alerts.md, ALR-8`,
        )
      const id = await proposeAlertPolicy(await profileOf(command), read.data)
      result(
        wantsJson(command),
        { policy: id },
        () => `${id} is proposed; someone else approves it: countersign alert policy approve ${id}`,
      )
    })
  policy
    .command('pending')
    .description('alert policies that wait for approval')
    .action(async (_: unknown, command: Command) => {
      const { policies } = await alertPolicies(await profileOf(command))
      const waiting = policies.filter(({ status }) => status === 'waiting')
      result(wantsJson(command), waiting, () =>
        waiting.length === 0
          ? 'no alert policy waits'
          : waiting
              .map(
                ({ id, proposer, policy: one }) =>
                  `${id}, proposed by ${proposer}\n${JSON.stringify(one, null, 2)}`,
              )
              .join('\n\n'),
      )
    })
  approveCommand(policy, {
    does: 'put an alert policy in force with your authenticator, in place of the one before',
    noun: 'policy',
    id: 'alp_…',
    status: 'active',
    is: 'in force',
    approve: approveAlertPolicy,
  })
}
