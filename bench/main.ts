/**
 * `npm run bench -- <name> [--json]`: benchmarks beside peers, which have a lock file of their own in this folder, so that
 * nobody who uses Countersign installs them.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { versionOf } from './machine.ts'

const USAGE = `usage: npm run bench -- api [--json] [--short]
       npm run bench -- authorize [--json]
       npm run bench -- drift [--json]
       npm run bench -- flow [--json]
       npm run bench -- humans [--json]
       npm run bench -- log [--json] [--short]
       npm run bench -- observe [--json] [--short]
       npm run bench -- pack [--json] [--short]
       npm run bench -- protect [--json]
       npm run bench -- revoke [--json] [--short]
       npm run bench -- gateway [--json] [--short]
`

const NAMES: ReadonlySet<string> = new Set([
  'api',
  'authorize',
  'drift',
  'flow',
  'gateway',
  'humans',
  'log',
  'observe',
  'pack',
  'protect',
  'revoke',
])

/** Short enough as they are. */
const ALWAYS_WHOLE: ReadonlySet<string> = new Set(['authorize', 'drift', 'flow', 'humans', 'protect'])

const [name, ...options] = process.argv.slice(2)
const json = options.includes('--json')
const short = options.includes('--short')
const unknown = options.filter(
  (option) => option !== '--json' && !(!ALWAYS_WHOLE.has(name ?? '') && option === '--short'),
)
if (unknown.length > 0 || !NAMES.has(name ?? '')) {
  process.stderr.write(USAGE)
  process.exit(2)
}
if (name === 'api') {
  const { api } = await import('./api/api.ts')
  await api({ json, short })
} else if (name === 'authorize') {
  installPeers()
  const { authorize } = await import('./authorize/authorize.ts')
  await authorize({ json })
} else if (name === 'drift') {
  const { drift } = await import('./drift/drift.ts')
  await drift({ json })
} else if (name === 'flow') {
  const { flow } = await import('./flow/flow.ts')
  await flow({ json })
} else if (name === 'humans') {
  const { humans } = await import('./humans/humans.ts')
  await humans({ json })
} else if (name === 'log') {
  const { log } = await import('./log/log.ts')
  await log({ json, short })
} else if (name === 'observe') {
  const { observe } = await import('./observe/observe.ts')
  await observe({ json, short })
} else if (name === 'pack') {
  const { pack } = await import('./pack/pack.ts')
  await pack({ json, short })
} else if (name === 'gateway') {
  installPeers()
  const { gateway } = await import('./gateway/gateway.ts')
  await gateway({ json, short })
} else if (name === 'protect') {
  const { protect } = await import('./protect/protect.ts')
  await protect({ json })
} else {
  const { revoke } = await import('./revoke/revoke.ts')
  await revoke({ json, short })
}

/** Peers that are not there are installed once, as the lock file has them. */
function installPeers(): void {
  const folder = import.meta.dirname
  // One by one: an installation may be half-made, or of an earlier lock file.
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  if (Object.entries(dependencies).every(([name, version]) => versionOf(name) === version)) return
  process.stderr.write('installing the peers that are measured beside us: npm ci --prefix bench\n')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--prefix', folder], {
    stdio: ['ignore', 2, 2],
  })
  if (status === 0) return
  process.stderr.write(
    'the peers could not be installed, so they are not measured: run `npm ci --prefix bench` where npm has a registry\n',
  )
}
