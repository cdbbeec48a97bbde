#!/usr/bin/env node
/** The command line: argv in, functions of `src` and `apps` called, results out. @module */
import { Command, CommanderError, Option } from 'commander'
import { agentCommands } from './commands/agents.ts'
import { approvalCommands as callApprovalCommands } from './commands/approval.ts'
import { approvalCommands } from './commands/approvals.ts'
import { backupCommands } from './commands/backup.ts'
import { consentCommands } from './commands/consents.ts'
import { dataSubjectCommands } from './commands/data-subjects.ts'
import { delegationCommands } from './commands/delegations.ts'
import { discloseCommand } from './commands/disclose.ts'
import { discoverCommand } from './commands/discover.ts'
import { doctorCommand } from './commands/doctor.ts'
import { domainCommands } from './commands/domains.ts'
import { drillCommands } from './commands/drill.ts'
import { eraseCommands } from './commands/erase.ts'
import { evidenceCommands } from './commands/evidence.ts'
import { extAuthzCommand } from './commands/ext-authz.ts'
import { flowCommands } from './commands/flow-policies.ts'
import { gatewayCommand } from './commands/gateway.ts'
import { importCommand } from './commands/import.ts'
import { itemCommands } from './commands/inventory-items.ts'
import { inventoryCommands } from './commands/inventory.ts'
import { issuerCommands } from './commands/issuers.ts'
import { keyCommands } from './commands/keys.ts'
import { killCommands } from './commands/kill.ts'
import { labelCommands } from './commands/labels.ts'
import { listenerCommands } from './commands/listeners.ts'
import { logCommands } from './commands/log.ts'
import { logPruneCommand } from './commands/log-prune.ts'
import { logRebuildCommand } from './commands/log-rebuild.ts'
import { noticeCommands } from './commands/notices.ts'
import { peopleCommands } from './commands/people.ts'
import { relayCommand } from './commands/relay.ts'
import { replayCommand } from './commands/replay.ts'
import { revokeCommand } from './commands/revoke.ts'
import { startCommand } from './commands/start.ts'
import { taskCommands } from './commands/tasks.ts'
import { templateCommands } from './commands/templates.ts'
import { topUpCommands } from './commands/topups.ts'
import { vaultCommands } from './commands/vault.ts'
import { witnessCommand } from './commands/witness.ts'
import { EXIT_USAGE, fail, say } from './output.ts'

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

startCommand(program)
peopleCommands(program)
inventoryCommands(program)
discoverCommand(program)
importCommand(program)
itemCommands(program)
agentCommands(program)
templateCommands(program)
labelCommands(program)
flowCommands(program)
noticeCommands(program)
consentCommands(program)
dataSubjectCommands(program)
delegationCommands(program)
taskCommands(program)
revokeCommand(program)
discloseCommand(program)
approvalCommands(program)
callApprovalCommands(program)
topUpCommands(program)
gatewayCommand(program)
extAuthzCommand(program)
killCommands(program)
domainCommands(program)
drillCommands(program)
relayCommand(program)
replayCommand(program)
keyCommands(program)
issuerCommands(program)
evidenceCommands(program)
const log = logCommands(program)
logRebuildCommand(log)
logPruneCommand(log)
backupCommands(program)
vaultCommands(program)
doctorCommand(program)
listenerCommands(program)
witnessCommand(program)
eraseCommands(program)

/** Commander has said it in words already, unless JSON is wanted. Help that was asked for is no fault. */
function usageFault({ code, exitCode, message }: CommanderError): void {
  if (exitCode === 0) return
  process.exitCode = EXIT_USAGE
  if (!wantsJson) return
  const said = code === 'commander.help' ? 'a command is missing' : message.replace(/^error: /, '')
  const how = `${said} (run with --help to see what it takes)`
  say(JSON.stringify({ ok: false, error: { code: 'USAGE', message: how } }))
}

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) usageFault(error)
  else fail(error, wantsJson)
}
