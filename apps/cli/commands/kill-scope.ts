/** Which part of everything a kill or a drill is about, on the command line. spec/kill.md (KIL-1). @module */
import type { Command } from 'commander'
import type { KillScope } from '../../../src/revoke/statement.ts'
import { CliError } from '../output.ts'

export interface ScopeOptions {
  readonly global?: true
  readonly system?: string
  readonly class?: string
  readonly agent?: string
}

export function withScope(command: Command): Command {
  return command
    .option('--global', 'everything')
    .option('--system <id>', 'every tool of a system: its identifier, or a server as grants name it')
    .option('--class <class>', 'every agent of a class')
    .option('--agent <id>', 'one agent')
}

/** @throws {CliError} `ARGUMENT_INVALID` */
export function scopeOf({ global, system, class: agents, agent }: ScopeOptions): KillScope {
  const scopes: KillScope[] = [
    ...(global === true ? [{ kind: 'global' as const }] : []),
    ...(system === undefined ? [] : [{ kind: 'system' as const, id: system }]),
    ...(agents === undefined ? [] : [{ kind: 'class' as const, id: agents }]),
    ...(agent === undefined ? [] : [{ kind: 'agent' as const, id: agent }]),
  ]
  const [scope] = scopes
  if (scope === undefined || scopes.length > 1)
    throw new CliError('ARGUMENT_INVALID', 'give one of --global, --system, --class and --agent')
  return scope
}
