#!/usr/bin/env node
/** The command line: argv in, functions of `src` and `apps` called, results out. @module */
import { Command, CommanderError, Option } from 'commander'
import { agentCommands } from './commands/agents.ts'
import { delegationCommands } from './commands/delegations.ts'
import { evidenceCommands } from './commands/evidence.ts'
import { gatewayCommand } from './commands/gateway.ts'
import { inventoryCommands } from './commands/inventory.ts'
import { peopleCommands } from './commands/people.ts'
import { startCommand } from './commands/start.ts'
import { EXIT_USAGE, fail } from './output.ts'

const program = new Command('countersign')
  .description('Puts AI agents under signed human authority and proves it.')
  .version('0.1.0')
  .addOption(new Option('--profile <dir>', 'folder of your profile').env('COUNTERSIGN_HOME'))
  .option('--json', 'print one JSON value for machines')
  .showHelpAfterError('(run with --help to see what it takes)')
  .exitOverride()

startCommand(program)
peopleCommands(program)
inventoryCommands(program)
agentCommands(program)
delegationCommands(program)
gatewayCommand(program)
evidenceCommands(program)

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE
  else fail(error, program.opts<{ json?: boolean }>().json === true)
}
