#!/usr/bin/env node
/** The command line: argv in, functions of `src` and `apps` called, results out. @module */
import { Command, CommanderError, Option } from 'commander'
import { addCommands } from './command-groups.ts'
import { endWhenUnread, EXIT_USAGE, fail, say } from './output.ts'

/** Read by hand, because a command line that does not parse wants it too. */
const wantsJson = process.argv.slice(2, argsEnd()).includes('--json')

function argsEnd(): number {
  const end = process.argv.indexOf('--')
  return end === -1 ? process.argv.length : end
}

const program = new Command('countersign')
  .description('Puts AI agents under signed human authority and proves it.')
  .version('0.1.0')
  .addOption(new Option('--profile <dir>', 'folder of your profile').env('COUNTERSIGN_HOME'))
  .option('--json', 'print one JSON value for machines')
  .showHelpAfterError(wantsJson ? false : '(run with --help to see what it takes)')
  .configureHelp({ showGlobalOptions: true })
  .configureOutput({ outputError: (text, write) => (wantsJson ? undefined : write(text)) })
  .exitOverride()

/** Commander has said it in words already, unless JSON is wanted. Help that was asked for is no fault. */
function usageFault({ code, exitCode, message }: CommanderError): void {
  if (exitCode === 0) return
  process.exitCode = EXIT_USAGE
  if (!wantsJson) return
  const said = code === 'commander.help' ? 'a command is missing' : message.replace(/^error: /, '')
  const how = `${said} (run with --help to see what it takes)`
  say(JSON.stringify({ ok: false, error: { code: 'USAGE', message: how } }))
}

endWhenUnread()
try {
  await addCommands(program, process.argv.slice(2))
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) usageFault(error)
  else fail(error, wantsJson)
}
