/**
 * The commands in the order of the help, in groups that are loaded when a command line names one of theirs: the server,
 * the gateway and their libraries are two thousand modules, which is a second and more of every start.
 * @module
 */
import type { Command } from 'commander'

export interface CommandGroup {
  /** The commands that it adds to the program. */
  readonly names: readonly string[]
  add(program: Command): Promise<unknown>
}

export const GROUPS: readonly CommandGroup[] = [
  { names: ['start'], add: async (to) => (await import('./commands/start.ts')).startCommand(to) },
  {
    names: ['enroll', 'live', 'console', 'person'],
    add: async (to) => (await import('./commands/people.ts')).peopleCommands(to),
  },
  {
    names: ['system', 'tool', 'point'],
    add: async (to) => (await import('./commands/inventory.ts')).inventoryCommands(to),
  },
  { names: ['discover'], add: async (to) => (await import('./commands/discover.ts')).discoverCommand(to) },
  { names: ['import'], add: async (to) => (await import('./commands/import.ts')).importCommand(to) },
  {
    names: ['inventory'],
    add: async (to) => (await import('./commands/inventory-items.ts')).itemCommands(to),
  },
  { names: ['agent'], add: async (to) => (await import('./commands/agents.ts')).agentCommands(to) },
  { names: ['template'], add: async (to) => (await import('./commands/templates.ts')).templateCommands(to) },
  { names: ['label'], add: async (to) => (await import('./commands/labels.ts')).labelCommands(to) },
  { names: ['drift'], add: async (to) => (await import('./commands/drift.ts')).driftCommands(to) },
  {
    names: ['baseline'],
    add: async (to) => (await import('./commands/baselines.ts')).baselineCommands(to),
  },
  { names: ['flow'], add: async (to) => (await import('./commands/flow-policies.ts')).flowCommands(to) },
  {
    names: ['notice', 'basis'],
    add: async (to) => (await import('./commands/notices.ts')).noticeCommands(to),
  },
  { names: ['consent'], add: async (to) => (await import('./commands/consents.ts')).consentCommands(to) },
  {
    names: ['subject'],
    add: async (to) => (await import('./commands/data-subjects.ts')).dataSubjectCommands(to),
  },
  {
    names: ['delegate', 'delegations', 'narrow', 'grants'],
    add: async (to) => (await import('./commands/delegations.ts')).delegationCommands(to),
  },
  { names: ['fleet'], add: async (to) => (await import('./commands/fleet.ts')).fleetCommands(to) },
  { names: ['source'], add: async (to) => (await import('./commands/sources.ts')).sourceCommands(to) },
  { names: ['task'], add: async (to) => (await import('./commands/tasks.ts')).taskCommands(to) },
  { names: ['revoke'], add: async (to) => (await import('./commands/revoke.ts')).revokeCommand(to) },
  { names: ['disclose'], add: async (to) => (await import('./commands/disclose.ts')).discloseCommand(to) },
  {
    names: ['delegation'],
    add: async (to) => (await import('./commands/approvals.ts')).approvalCommands(to),
  },
  { names: ['approval'], add: async (to) => (await import('./commands/approval.ts')).approvalCommands(to) },
  { names: ['topup'], add: async (to) => (await import('./commands/topups.ts')).topUpCommands(to) },
  { names: ['output'], add: async (to) => (await import('./commands/outputs.ts')).outputCommands(to) },
  { names: ['review'], add: async (to) => (await import('./commands/reviews.ts')).reviewCommands(to) },
  { names: ['gateway'], add: async (to) => (await import('./commands/gateway.ts')).gatewayCommand(to) },
  { names: ['ext-authz'], add: async (to) => (await import('./commands/ext-authz.ts')).extAuthzCommand(to) },
  { names: ['kill'], add: async (to) => (await import('./commands/kill.ts')).killCommands(to) },
  { names: ['domain'], add: async (to) => (await import('./commands/domains.ts')).domainCommands(to) },
  { names: ['drill'], add: async (to) => (await import('./commands/drill.ts')).drillCommands(to) },
  {
    names: ['isolation', 'capacity'],
    add: async (to) => (await import('./commands/isolation.ts')).isolationCommands(to),
  },
  {
    names: ['incident'],
    add: async (to) => (await import('./commands/incidents.ts')).incidentCommands(to),
  },
  {
    names: ['scim', 'identity'],
    add: async (to) => (await import('./commands/identity.ts')).identityCommands(to),
  },
  { names: ['role'], add: async (to) => (await import('./commands/roles.ts')).roleCommands(to) },
  {
    names: ['service-account'],
    add: async (to) => (await import('./commands/service-accounts.ts')).serviceAccountCommands(to),
  },
  {
    names: ['access-review'],
    add: async (to) => (await import('./commands/access-reviews.ts')).accessReviewCommands(to),
  },
  {
    names: ['deviation'],
    add: async (to) => (await import('./commands/deviations.ts')).deviationCommands(to),
  },
  { names: ['sample'], add: async (to) => (await import('./commands/sample.ts')).sampleCommands(to) },
  {
    names: ['reconcile'],
    add: async (to) => (await import('./commands/reconcile.ts')).reconcileCommands(to),
  },
  { names: ['breach'], add: async (to) => (await import('./commands/breaches.ts')).breachCommands(to) },
  {
    names: ['emergency'],
    add: async (to) => (await import('./commands/emergency.ts')).emergencyCommands(to),
  },
  { names: ['alone'], add: async (to) => (await import('./commands/alone.ts')).aloneCommands(to) },
  { names: ['vendor'], add: async (to) => (await import('./commands/vendors.ts')).vendorCommands(to) },
  {
    names: ['deficiency'],
    add: async (to) => (await import('./commands/deficiencies.ts')).deficiencyCommands(to),
  },
  {
    names: ['preview'],
    add: async (to) => (await import('./commands/previews.ts')).previewCommands(to),
  },
  { names: ['relay'], add: async (to) => (await import('./commands/relay.ts')).relayCommand(to) },
  { names: ['replay'], add: async (to) => (await import('./commands/replay.ts')).replayCommand(to) },
  { names: ['keys'], add: async (to) => (await import('./commands/keys.ts')).keyCommands(to) },
  { names: ['issuer'], add: async (to) => (await import('./commands/issuers.ts')).issuerCommands(to) },
  {
    names: ['evidence', 'verify'],
    add: async (to) => (await import('./commands/evidence.ts')).evidenceCommands(to),
  },
  {
    names: ['readiness'],
    add: async (to) => (await import('./commands/readiness.ts')).readinessCommands(to),
  },
  { names: ['connect'], add: async (to) => (await import('./commands/connect.ts')).connectCommands(to) },
  { names: ['simulate'], add: async (to) => (await import('./commands/simulate.ts')).simulateCommand(to) },
  { names: ['controls'], add: async (to) => (await import('./commands/controls.ts')).controlCommands(to) },
  {
    names: ['narrative'],
    add: async (to) => (await import('./commands/narratives.ts')).narrativeCommands(to),
  },
  { names: ['policy'], add: async (to) => (await import('./commands/policies.ts')).policyCommands(to) },
  { names: ['attest'], add: async (to) => (await import('./commands/attest.ts')).attestCommands(to) },
  { names: ['log'], add: addLog },
  {
    names: ['backup', 'restore'],
    add: async (to) => (await import('./commands/backup.ts')).backupCommands(to),
  },
  { names: ['vault'], add: async (to) => (await import('./commands/vault.ts')).vaultCommands(to) },
  { names: ['doctor'], add: async (to) => (await import('./commands/doctor.ts')).doctorCommand(to) },
  { names: ['alert'], add: async (to) => (await import('./commands/alerts.ts')).alertCommands(to) },
  { names: ['channel'], add: async (to) => (await import('./commands/channels.ts')).channelCommands(to) },
  { names: ['listener'], add: async (to) => (await import('./commands/listeners.ts')).listenerCommands(to) },
  { names: ['witness'], add: async (to) => (await import('./commands/witness.ts')).witnessCommand(to) },
  {
    names: ['erase', 'erasure', 'hold', 'open', 'note'],
    add: async (to) => (await import('./commands/erase.ts')).eraseCommands(to),
  },
]

async function addLog(to: Command): Promise<void> {
  const [{ logCommands }, { logRebuildCommand }, { logPruneCommand }] = await Promise.all([
    import('./commands/log.ts'),
    import('./commands/log-rebuild.ts'),
    import('./commands/log-prune.ts'),
  ])
  const log = logCommands(to)
  logRebuildCommand(log)
  logPruneCommand(log)
}

/**
 * Adds the group that a command line asks for, or all of them: for help, and for a line that names no command first,
 * so that whatever is wrong with it is said as if everything had been there.
 * @param args without the program's own two
 */
export async function addCommands(program: Command, args: readonly string[]): Promise<void> {
  const [name = ''] = program.parseOptions([...args]).operands
  const asked = GROUPS.filter(({ names }) => names.includes(name))
  for (const group of asked.length === 0 ? GROUPS : asked) await group.add(program)
}
