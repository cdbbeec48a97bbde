/** `countersign discover`: agents and servers that nobody registered. spec/inventory.md (DSC-1, DSC-2). @module */
import { homedir, hostname } from 'node:os'
import { Option, type Command } from 'commander'
import { discover } from '../discover/discover.ts'
import { propose } from '../discover/record.ts'
import { profileOf, wantsJson } from './globals.ts'

interface DiscoverOptions {
  readonly home: string | false
  readonly platform: NodeJS.Platform
  readonly machine: string
  readonly yes?: boolean
}

export function discoverCommand(program: Command): void {
  program
    .command('discover')
    .description(
      'find agents and tool servers in configurations of MCP clients, agent cards and package manifests',
    )
    .argument('[paths...]', 'files, project folders, or addresses of agent cards, besides the home folder')
    .option('--home <dir>', 'whose configurations to read', homedir())
    .option('--no-home', 'read only what is named')
    .addOption(
      new Option('--platform <name>', 'whose standard paths')
        .choices(['darwin', 'linux', 'win32'])
        .default(process.platform),
    )
    .option('--machine <name>', 'tells the same file on two machines apart; kept as a digest', hostname())
    .option('--yes', 'record what is found in the inventory of the control plane')
    .action(async (paths: string[], { home, platform, machine, yes }: DiscoverOptions, command: Command) => {
      const looking = { home: home === false ? homedir() : home, platform, machine, cwd: process.cwd() }
      const { items, skipped } = await discover(paths, looking, home !== false)
      await propose(
        items.map((item) => ({ item })),
        skipped,
        {
          json: wantsJson(command),
          yes: yes === true,
          profile: () => profileOf(command),
          empty: 'nothing found: name files or project folders',
        },
      )
    })
}
