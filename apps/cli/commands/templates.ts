/** `countersign template …`: the most that a delegation to a class of agents may be. @module */
import type { Command } from 'commander'
import { z } from 'zod'
import { approveTemplate, listTemplates, proposeTemplate, showTemplate } from '../operator-quorum.ts'
import type { TemplateChange } from '../operator-quorum.ts'
import { TEMPLATE_EXAMPLE } from '../next-step.ts'
import { CliError, listing, result } from '../output.ts'
import { readJson } from '../profile.ts'
import { approveCommand } from './approve.ts'
import { profileOf, wantsJson } from './globals.ts'

const EXAMPLE = JSON.stringify(TEMPLATE_EXAMPLE)

/** Of a member that is not there, the schema would say that it is of a wrong type. @throws {CliError} `TEMPLATE_INVALID` */
function assertWhole(file: string, template: object): void {
  const missing = Object.keys(TEMPLATE_EXAMPLE).filter((name) => !Object.hasOwn(template, name))
  if (missing.length > 0)
    throw new CliError(
      'TEMPLATE_INVALID',
      `${file} has no ${missing.join(', ')}: a template has every member, like ${EXAMPLE} (spec/grants.md)`,
    )
}

export function templateCommands(program: Command): void {
  const template = program
    .command('template')
    .description('templates: the most that a delegation to a class of agents may be')
  template
    .command('propose')
    .description('propose a template, which someone else approves')
    .argument('<file>', 'JSON file: {class, ttl_s_max, depth_max, grants, approvals} (spec/grants.md)')
    .action(async (file: string, _: unknown, command: Command) => {
      const input = z.record(z.string(), z.json()).safeParse(await readJson(file))
      if (!input.success)
        throw new CliError('ARGUMENT_INVALID', `${file} does not hold a JSON object such as ${EXAMPLE}`)
      assertWhole(file, input.data)
      const id = await proposeTemplate(await profileOf(command), input.data)
      result(wantsJson(command), { template: id }, () => `${id} is proposed; someone else approves it`)
    })
  approveCommand(template, {
    does: 'put a template in force with your authenticator, in place of the one of its class',
    noun: 'template',
    id: 'tpl_…',
    status: 'active',
    is: 'in force',
    approve: approveTemplate,
  })
  const list = template.command('list').description('templates, newest first, each with its status')
  list.action(async (_: unknown, command: Command) => {
    const templates = await listTemplates(await profileOf(command))
    result(wantsJson(command), templates, () =>
      listing(
        ['template', 'status', 'class', 'proposer'],
        templates.map((each) => [each.id, each.status, each.template.class, each.proposer]),
        'no template yet: countersign template propose FILE',
      ),
    )
  })
  template
    .command('show')
    .description('a template, and what it changes of the one in force')
    .argument('<template>', 'tpl_…')
    .action(async (id: string, _: unknown, command: Command) => {
      const shown = await showTemplate(await profileOf(command), id)
      result(wantsJson(command), shown, () =>
        [
          `${id} is ${shown.status}, proposed by ${shown.proposer}`,
          JSON.stringify(shown.template, null, 2),
          ...(shown.changes.length === 0 ? [] : [`what it changes of ${shown.in_force}:`]),
          ...shown.changes.map(changeLine),
        ].join('\n'),
      )
    })
}

function changeLine({ member, was, becomes }: TemplateChange): string {
  if (becomes === undefined) return `  ${member}: without ${JSON.stringify(was)}`
  if (was === undefined) return `  ${member}: with ${JSON.stringify(becomes)}`
  return `  ${member}: ${JSON.stringify(was)} becomes ${JSON.stringify(becomes)}`
}
