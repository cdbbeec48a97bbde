/** What a benchmark ran on: without it a figure says nothing. @module */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os'
import { join } from 'node:path'

const BENCH = import.meta.dirname

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memory_gib: number
  readonly os: string
  readonly node: string
  readonly openssl: string
  /** Load average of the last minute when the run began: above the number of cores the figures are pessimistic. */
  readonly load_1m: number
}

export function machine(): Machine {
  const all = cpus()
  return {
    cpu: (all[0]?.model ?? 'unknown').trim(),
    cores: all.length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release()} ${arch()}`,
    node: process.versions.node,
    openssl: process.versions.openssl,
    load_1m: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  }
}

/** The version of a peer as it is installed. */
export function versionOf(name: string): string {
  try {
    const text = readFileSync(join(BENCH, 'node_modules', name, 'package.json'), 'utf8')
    return (JSON.parse(text) as { version: string }).version
  } catch {
    return 'not installed'
  }
}

/** What of ours is measured. */
export function ownCommit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: BENCH, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--', '../src') === '' ? '' : ' with changes'}`
  } catch {
    return 'unknown: not a git checkout'
  }
}
